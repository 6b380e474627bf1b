"""
transformers' Trainer with PEFT trains a classifier; a request is a number of epochs. See shared.py for the requests.

    python epoch_peft.py FOLDER METHOD SAMPLING BATCH_SIZE THREADS

SAMPLING is Trainer's train_sampling_strategy: random, or group_by_length.
"""

import sys
import time

import torch
from shared import load_model, read_texts, train_in_rounds
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from transformers import DataCollatorWithPadding, PreTrainedTokenizerFast, Trainer, TrainingArguments

folder, method, sampling, batch_size, threads = *sys.argv[1:4], int(sys.argv[4]), int(sys.argv[5])
torch.set_num_threads(threads)

ids, labels = read_texts(folder)
dataset = [{"input_ids": tokens, "labels": label} for tokens, label in zip(ids, labels)]
# The texts are token ids already: the tokenizer only tells the collator how to pad.
tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(WordLevel({"[PAD]": 0}, "[PAD]")), pad_token="[PAD]")
pad = DataCollatorWithPadding(tokenizer)
computed = {"tokens": 0, "positions": 0}


def collate(examples):
    batch = pad(examples)
    computed["tokens"] += int(batch["attention_mask"].sum())
    computed["positions"] += batch["attention_mask"].numel()
    return batch


model = load_model(folder, method)
arguments = TrainingArguments(
    output_dir=f"{folder}/trainer",
    use_cpu=True,
    per_device_train_batch_size=batch_size,
    num_train_epochs=1,
    learning_rate=1e-4,
    weight_decay=0.01,
    train_sampling_strategy=sampling,
    dataloader_pin_memory=False,
    eval_strategy="no",
    save_strategy="no",
    logging_strategy="no",
    report_to="none",
    disable_tqdm=True,
)


def train(epochs):
    computed.update(tokens=0, positions=0)
    milliseconds = []
    for _ in range(epochs):
        trainer = Trainer(
            model=model, args=arguments, train_dataset=dataset, data_collator=collate, processing_class=tokenizer
        )
        begun = time.perf_counter()
        trainer.train()
        milliseconds.append(1000 * (time.perf_counter() - begun))
    return {"milliseconds": milliseconds, "losses": [], **computed}


train_in_rounds(train, model, ids, labels)
