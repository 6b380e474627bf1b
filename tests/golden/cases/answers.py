"""Probabilities of an adapter's answers: python answers.py MODEL ADAPTER TEXTS OUT

TEXTS holds a text a line.  transformers 5.23.0, peft 0.21.2.
"""
import json, sys

from peft import PeftModel
from transformers import AutoModelForSequenceClassification, AutoTokenizer

model, adapter, texts, out = sys.argv[1:]
tokenizer = AutoTokenizer.from_pretrained(model)
adapted = PeftModel.from_pretrained(AutoModelForSequenceClassification.from_pretrained(model), adapter).eval()
lines = open(texts, encoding="utf-8").read().rstrip("\n").split("\n")
values = [adapted(**tokenizer(line, return_tensors="pt")).logits.softmax(-1)[0].tolist() for line in lines]
with open(out, "w") as file:
    json.dump(values, file)
    file.write("\n")
