"""What the peers' programs share: the model at its start values, the texts, and requests."""

import json
import os
import resource
import sys

import torch
from peft import PeftConfig, get_peft_model, inject_adapter_in_model, load_peft_weights, set_peft_model_state_dict
from safetensors.torch import load_file
from transformers import BertConfig, BertForSequenceClassification

# Number of texts whose loss before training is compared.
CHECKED = 64

# Libraries print to standard output, where only answers may go: what they print goes to standard error.
answers, sys.stdout = sys.stdout, sys.stderr


def read_config(path):
    config = PeftConfig.from_pretrained(path)
    config.inference_mode = False
    return config


def load_model(folder, method):
    """The classifier with the method's adapter, at the start values in the folder."""
    model = BertForSequenceClassification(BertConfig.from_json_file(f"{folder}/config.json"))
    model.load_state_dict(load_file(f"{folder}/model.safetensors"))
    adapter = f"{folder}/{method}"
    if not os.path.exists(adapter):
        return model
    parts = method.split("+")
    *inner, outer = [adapter] if len(parts) == 1 else [f"{adapter}/{part}" for part in parts]
    # A PeftModel around a PeftModel loses the inner one's virtual tokens and gradients. So all parts but the last are
    # injected into the model itself.
    trained = []
    for path in inner:
        config = read_config(path)
        config.modules_to_save = None
        model = inject_adapter_in_model(config, model)
        set_peft_model_state_dict(model, load_peft_weights(path))
        trained += [parameter for parameter in model.parameters() if parameter.requires_grad]
        del model.peft_config
    config = read_config(outer)
    model = get_peft_model(model, config)
    set_peft_model_state_dict(model, load_peft_weights(outer))
    for parameter in trained:
        # get_peft_model has frozen everything that was there before.
        parameter.requires_grad = True
    if config.peft_type == "P_TUNING":
        # The adapter holds the encoder's output; training needs the encoder.
        start = load_file(f"{folder}/{method}/start.safetensors")
        prefix = f"{method}/"
        encoder = {name.removeprefix(prefix): value for name, value in start.items() if name.startswith(prefix)}
        model.prompt_encoder["default"].load_state_dict(encoder)
    return model


def read_texts(folder):
    """Token ids and labels, as lists."""
    with open(f"{folder}/texts.json") as file:
        texts = json.load(file)
    return texts["ids"], texts["labels"]


def mean_loss(model, ids, labels):
    """Mean loss of the first texts; each is computed alone, without padding."""
    first = list(zip(ids, labels))[:CHECKED]
    with torch.no_grad():
        losses = [
            model(
                input_ids=torch.tensor([tokens]),
                attention_mask=torch.ones(1, len(tokens), dtype=torch.long),
                labels=torch.tensor([label]),
            ).loss.item()
            for tokens, label in first
        ]
    return sum(losses) / len(losses)


def answer(value):
    print(json.dumps(value), file=answers, flush=True)


def answer_requests(work):
    """
    Answers each line of standard input, a request, with a line of JSON: "ready" with true, any other with what `work`
    returns for it; a dict gets the greatest resident size so far, in bytes, as "peak".
    """
    for line in sys.stdin:
        request = line.strip()
        if request == "ready":
            answer(True)
            continue
        result = work(request)
        peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        answer({**result, "peak": peak} if isinstance(result, dict) else result)


def train_in_rounds(train, model, ids, labels):
    """
    Answers the request "loss" with the mean loss of the first texts, a number of epochs with what `train` returns for it.
    """
    answer_requests(lambda request: mean_loss(model, ids, labels) if request == "loss" else train(int(request)))
