"""Loads adapters with PEFT and merged folders with transformers, and compares their logits with those given.

    python load.py JOBS.json

JOBS.json is a list of {name, task, model, base, classes, adapters, merged, logits}: task is cls, lm or s2s; model the folder
of the backbone; base a safetensors file with the inputs; adapters the folders in the order in which PEFT loads them; merged a
folder or null; logits a safetensors file. Prints a list of {name, loaded, merged}: greatest differences.
"""
import json
import os
import sys
import warnings

os.environ["HF_HUB_OFFLINE"] = "1"
warnings.filterwarnings("ignore")
import torch
import transformers
from peft import PeftModel
from safetensors.torch import load_file

transformers.utils.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
torch.set_num_threads(1)
CLASSES = {
    "cls": transformers.AutoModelForSequenceClassification,
    "lm": transformers.AutoModelForCausalLM,
    "s2s": transformers.AutoModelForSeq2SeqLM,
}


def open_model(job, folder):
    sizes = {"num_labels": job["classes"]} if job["task"] == "cls" and folder == job["model"] else {}
    return CLASSES[job["task"]].from_pretrained(folder, **sizes).eval()


def difference(model, job):
    tensors = load_file(job["base"])
    names = ("input_ids", "attention_mask", "token_type_ids", "decoder_input_ids")
    with torch.no_grad():
        logits = model(**{name: tensors[name].long() for name in names if name in tensors}).logits
    expected = load_file(job["logits"])["logits"]
    assert logits.numel() == expected.numel(), (job["name"], logits.shape, expected.shape)
    return float((logits.flatten() - expected.flatten()).abs().max())


results = []
for job in json.load(open(sys.argv[1])):
    result = {"name": job["name"], "loaded": None, "merged": None}
    if job["adapters"]:
        model = open_model(job, job["model"])
        for at, folder in enumerate(job["adapters"]):
            # Virtual tokens stand around a model, not around another adapter.
            model = PeftModel.from_pretrained(model.get_base_model() if at > 0 else model, folder)
        result["loaded"] = difference(model.eval(), job)
    if job["merged"]:
        result["merged"] = difference(open_model(job, job["merged"]), job)
    results.append(result)
print(json.dumps(results))
