"""Recomputes the expected values in cases/, inputs that users brought, with transformers 5.23 and PEFT 0.21.2:

    python cases.py two-heads           what the adapter generates, greedily, 8 tokens
    python cases.py labels-after-merge  probabilities of the classes
"""
import json, sys
from pathlib import Path
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer

case = sys.argv[1]
root = Path(__file__).parent / "cases" / case
lines = (root / "input.txt").read_text().splitlines()
generates = case == "two-heads"
folder = root / ("tied-but-two" if generates else "model")
tokenizer = AutoTokenizer.from_pretrained(folder)
kind = AutoModelForCausalLM if generates else AutoModelForSequenceClassification
model = PeftModel.from_pretrained(kind.from_pretrained(folder), root / "adapter").eval()
values = []
for line in lines:
    inputs = tokenizer(line, return_tensors="pt")
    with torch.no_grad():
        if generates:
            ids = model.generate(**inputs, max_new_tokens=8, do_sample=False)[0, inputs["input_ids"].shape[1]:]
            values.append(tokenizer.decode(ids, skip_special_tokens=True))
        else:
            values.append(torch.softmax(model(**inputs).logits, -1)[0].tolist())
json.dump(values, sys.stdout)
