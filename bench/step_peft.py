"""PyTorch and PEFT's side of a comparison: trains in turns. Each line of standard input is a number of steps; the
answer is a line of JSON.

    python step_peft.py FOLDER METHOD STEPS THREADS
"""

import json
import os
import resource
import sys
import time

import torch
from peft import PeftConfig, get_peft_model, load_peft_weights, set_peft_model_state_dict
from safetensors.torch import load_file
from transformers import BertConfig, BertForSequenceClassification

folder, method, steps, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
torch.set_num_threads(threads)

model = BertForSequenceClassification(BertConfig.from_json_file(f"{folder}/config.json"))
model.load_state_dict(load_file(f"{folder}/model.safetensors"))
adapter = f"{folder}/{method}"
if os.path.exists(adapter):
    config = PeftConfig.from_pretrained(adapter)
    config.inference_mode = False
    model = get_peft_model(model, config)
    set_peft_model_state_dict(model, load_peft_weights(adapter))
model.train()
parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
# Fused, as transformers' Trainer has it: several times faster than PyTorch's default.
optimiser = torch.optim.AdamW(parameters, lr=1e-4, fused=True)
schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: 1 - step / steps)

with open(f"{folder}/texts.json") as file:
    texts = json.load(file)
ids, labels = torch.tensor(texts["ids"]), torch.tensor(texts["labels"])
mask = torch.ones_like(ids)

for line in sys.stdin:
    milliseconds, losses = [], []
    for _ in range(int(line)):
        begun = time.perf_counter()
        optimiser.zero_grad()
        loss = model(input_ids=ids, attention_mask=mask, labels=labels).loss
        loss.backward()
        optimiser.step()
        schedule.step()
        milliseconds.append(1000 * (time.perf_counter() - begun))
        losses.append(loss.item())
    peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"milliseconds": milliseconds, "losses": losses, "peak": peak}), flush=True)
