"""
PyTorch and PEFT train a classifier on all texts in each step; a request is a number of steps. See shared.py for the
requests.

    python step_peft.py FOLDER METHOD STEPS THREADS
"""

import sys
import time

import torch
from shared import load_model, read_texts, train_in_rounds

folder, method, steps, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
torch.set_num_threads(threads)

model = load_model(folder, method)
model.train()
parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
# Fused, as in transformers' Trainer: several times faster than PyTorch's default.
optimiser = torch.optim.AdamW(parameters, lr=1e-4, weight_decay=0.01, fused=True)
schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: 1 - step / steps)
texts, classes = read_texts(folder)
ids, labels = torch.tensor(texts), torch.tensor(classes)
mask = torch.ones_like(ids)


def train(count):
    milliseconds, losses = [], []
    for _ in range(count):
        begun = time.perf_counter()
        optimiser.zero_grad()
        loss = model(input_ids=ids, attention_mask=mask, labels=labels).loss
        loss.backward()
        optimiser.step()
        schedule.step()
        milliseconds.append(1000 * (time.perf_counter() - begun))
        losses.append(loss.item())
    return {"milliseconds": milliseconds, "losses": losses, "tokens": count * ids.numel(), "positions": count * ids.numel()}


train_in_rounds(train, model, texts, classes)
