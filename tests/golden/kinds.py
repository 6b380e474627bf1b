#!/usr/bin/env python
"""Golden values for regression and for several labels at once.

    python kinds.py [--out DIR] [--seed N]

Writes kinds.json: metrics of scikit-learn and scipy; losses and gradients that transformers computes by problem_type with the tiny BERT
of A/bert; what the adapters of cases/ answer.  Every entry of metrics holds its inputs.  null stands for "not a number".
"""
import argparse
import json
import math
import os
import sys

sys.path.pop(0)  # This folder has a statistics.py, which others would import instead of the standard library's.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
import warnings

warnings.filterwarnings("ignore")
import numpy as np
import peft
import scipy
import scipy.stats as st
import sklearn
import torch
import transformers
from peft import PeftModel
from safetensors.torch import load_file
from sklearn.metrics import accuracy_score, f1_score, mean_squared_error
from transformers import AutoModelForSequenceClassification, AutoTokenizer

transformers.utils.logging.disable_progress_bar()
torch.set_num_threads(1)
HERE = os.path.dirname(os.path.abspath(__file__))


def clean(x):
    x = float(x)
    return None if math.isnan(x) else x


def multi_label(rng):
    cases = []
    for name, rows, labels, rate in [("three labels", 25, 3, 0.4), ("rare ones", 30, 12, 0.06), ("two rows", 2, 4, 0.5),
                                     ("no label is right", 6, 3, 0.0)]:
        truth = (rng.random((rows, labels)) < rate).astype(int)
        guess = np.where(rng.random((rows, labels)) < 0.8, truth, 1 - truth) if rate > 0 else 0 * truth
        cases.append(dict(
            name=name, labels=labels,
            truth=[np.flatnonzero(row).tolist() for row in truth],
            predicted=[np.flatnonzero(row).tolist() for row in guess],
            micro_f1=clean(f1_score(truth, guess, average="micro", zero_division=0)),
            macro_f1=clean(f1_score(truth, guess, average="macro", zero_division=0)),
            exact_match=clean(accuracy_score(truth, guess))))
    return cases


def regression(rng):
    cases = []
    for name, truth, guess in [
        ("with noise", np.linspace(0, 5, 25), np.linspace(0, 5, 25) + rng.normal(0, 1, 25)),
        ("ties on both sides", rng.integers(0, 5, 30) / 2, rng.integers(0, 4, 30)),
        ("negative", np.arange(20.0), -np.arange(20.0) ** 3 + rng.normal(0, 40, 20)),
        ("far from zero", 1e6 + rng.normal(0, 1, 15), 1e6 + rng.normal(0, 1, 15)),
        ("all answers are equal", rng.normal(0, 1, 12), np.full(12, 3.3)),
    ]:
        cases.append(dict(
            name=name, truth=list(map(float, truth)), predicted=list(map(float, guess)),
            pearson=clean(st.pearsonr(truth, guess)[0]), spearman=clean(st.spearmanr(truth, guess)[0]),
            mse=clean(mean_squared_error(truth, guess))))
    return cases


def training(problem, targets, outputs, seed):
    """Loss, outputs and gradients of biases and classifier; the classifier is drawn anew."""
    model = AutoModelForSequenceClassification.from_pretrained(
        f"{HERE}/A/bert/model", num_labels=outputs, problem_type=problem, ignore_mismatched_sizes=True).eval()
    torch.manual_seed(seed)
    with torch.no_grad():
        model.classifier.weight.copy_(0.3 * torch.randn(model.classifier.weight.shape))
        model.classifier.bias.copy_(0.3 * torch.randn(model.classifier.bias.shape))
    base = load_file(f"{HERE}/A/bert/base_cls.safetensors")
    inputs = {name: base[name].long() for name in ("input_ids", "attention_mask", "token_type_ids")}
    result = model(**inputs, labels=torch.tensor(targets))
    result.loss.backward()
    trained = {name: p for name, p in model.named_parameters() if name.endswith(".bias") or name.startswith("classifier.")}
    return dict(
        targets=targets, loss=result.loss.item(), outputs=result.logits.tolist(),
        head={name: p.flatten().tolist() for name, p in trained.items() if name.startswith("classifier.")},
        gradients={name: p.grad.flatten().tolist() for name, p in trained.items()})


def answers(case, model, adapter):
    """Outputs of an adapter, before any softmax or sigmoid, for the lines of input.txt."""
    place = f"{HERE}/cases/{case}"
    tokenizer = AutoTokenizer.from_pretrained(f"{place}/{model}")
    adapted = PeftModel.from_pretrained(
        AutoModelForSequenceClassification.from_pretrained(f"{place}/{model}"), f"{place}/{adapter}").eval()
    lines = open(f"{place}/input.txt", encoding="utf-8").read().rstrip("\n").split("\n")
    with torch.no_grad():
        return [adapted(**tokenizer(line, return_tensors="pt")).logits[0].tolist() for line in lines]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default=HERE)
    parser.add_argument("--seed", type=int, default=14)
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    values = dict(
        versions=dict(sklearn=sklearn.__version__, scipy=scipy.__version__, torch=torch.__version__,
                      transformers=transformers.__version__, peft=peft.__version__),
        multi_label=multi_label(rng),
        regression=regression(rng),
        training={
            "regression": training("regression", [0.5, 3.25, -1.0, 2.0], 1, args.seed),
            "multi-label": training("multi_label_classification",
                                    [[1.0, 0.0, 1.0], [0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 1.0, 1.0]], 3, args.seed),
        },
        answers={
            "problem-types": answers("problem-types", "regression", "adapter-regression"),
            "labels-after-merge": answers("labels-after-merge", "model", "adapter"),
        })
    with open(f"{args.out}/kinds.json", "w") as file:
        json.dump(values, file, indent=1)
        file.write("\n")


main()
