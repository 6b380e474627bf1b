"""Scores of words by the head of a language model, with transformers 5.23 and PEFT 0.21.2: python generate.py

Writes beside this file, for the models in ../A and ../T5A:
  <arch>.safetensors   heads of masked language models, drawn here; bert-untied has rows that are not the word embeddings
  values.json          masked: the logits at a mask. saved: the weights that save_pretrained writes of these models. causal: by the method whose adapter is on the model, log-probabilities
                       of words of one and several tokens after each text, each text and word read as one sequence.
"""
import json, os, tempfile
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import torch
from peft import PeftModel
from safetensors import safe_open
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForMaskedLM, AutoModelForSeq2SeqLM

here = Path(__file__).parent
generator = torch.Generator().manual_seed(15)
draw = lambda shape, std: torch.randn(shape, generator=generator) * std
MASK = 4
TEXTS = [[5, 17, 31, 44, 9, 61, 83, 12, 77, 40, 23], [51, 8, 90], [33, 72, 6, 6, 19, 58, 64, 21, 95]]
WORDS = [[14], [52, 30, 71], [52, 30, 13, 88], [67, 20], [14, 29]]


def masked(arch, folder, tied=True):
    config = AutoConfig.from_pretrained(folder, tie_word_embeddings=tied)
    model, loading = AutoModelForMaskedLM.from_pretrained(folder, config=config, output_loading_info=True)
    head = {}
    for name, parameter in model.named_parameters():
        if name not in loading["missing_keys"] or (tied and name.endswith("decoder.weight")):
            continue
        with torch.no_grad():
            parameter.copy_(draw(parameter.shape, 0.3) + (1 if name.lower().endswith("norm.weight") else 0))
        head[name] = parameter.detach().clone()
    save_file(head, here / f"{arch}.safetensors")
    model.eval()
    logits = []
    for text in TEXTS:
        ids = torch.tensor([text[:2] + [MASK] + text[2:]])
        with torch.no_grad():
            logits.append(model(input_ids=ids).logits[0, 2].tolist())
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        with safe_open(f"{folder}/model.safetensors", "pt") as file:
            saved = sorted(file.keys())
    return logits, saved


def causal(model, decoder):
    rows = []
    for text in TEXTS:
        row = []
        for word in WORDS:
            with torch.no_grad():
                if decoder:
                    logits = model(input_ids=torch.tensor([text + word])).logits[0]
                    logits = logits[-len(word) - 1:-1]
                else:
                    logits = model(input_ids=torch.tensor([text]), attention_mask=torch.ones(1, len(text)),
                                   labels=torch.tensor([word])).logits[0]
            log_probabilities = torch.log_softmax(logits, -1)
            row.append(sum(log_probabilities[at, token].item() for at, token in enumerate(word)))
        rows.append(row)
    return rows


values = {"mask": MASK, "texts": TEXTS, "words": WORDS, "masked": {}, "saved": {}, "causal": {}}
for name in ["bert", "roberta", "distilbert", "bert-untied"]:
    arch, *untied = name.split("-")
    model = here.parent / "A" / arch / "model"
    values["masked"][name], values["saved"][name] = masked(name, model, tied=not untied)
for arch in ["gpt2", "llama", "qwen2", "mistral", "t5"]:
    root = here.parent / ("T5A" if arch == "t5" else "A") / arch
    kind = AutoModelForSeq2SeqLM if arch == "t5" else AutoModelForCausalLM
    task = "s2s" if arch == "t5" else "lm"
    load = lambda: kind.from_pretrained(root / "model").eval()
    by_method = {"none": causal(load(), arch != "t5")}
    for method in ("prompt", "prefix", "lora"):
        if not (root / task / method / "adapter").exists():
            continue
        adapted = PeftModel.from_pretrained(load(), str(root / task / method / "adapter")).eval()
        by_method[method] = causal(adapted, arch != "t5")
    values["causal"][arch] = by_method
with open(here / "values.json", "w") as file:
    json.dump(values, file, separators=(",", ":"))
    file.write("\n")
