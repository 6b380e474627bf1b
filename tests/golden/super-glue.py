#!/usr/bin/env python
"""Golden values for MultiRC, ReCoRD and multiple choice, as SuperGLUE (Wang et al., 2019) scores and transformers trains them.

    python super-glue.py [--out DIR] [--seed N]

Writes super-glue.json.  multirc: F1 over all answers by scikit-learn, and the share of questions whose answers are all right.  record: exact
match and F1 of the words of a chosen entity, of the answers the one that gives most, over answers without case, punctuation and articles.
loss: of examples with any number of choices and of right ones, -log of the probability of the right ones, with its gradient by torch.
training: loss, outputs and gradients of transformers' BertForMultipleChoice with the tiny BERT of A/bert.
"""
import argparse
import json
import os
import re
import string
import sys
from collections import Counter

sys.path.pop(0)  # This folder has a statistics.py, which others would import instead of the standard library's.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
import warnings

warnings.filterwarnings("ignore")
import numpy as np
import sklearn
import torch
import transformers
from safetensors.torch import load_file
from sklearn.metrics import accuracy_score, f1_score
from transformers import BertForMultipleChoice

transformers.utils.logging.disable_progress_bar()
torch.set_num_threads(1)
HERE = os.path.dirname(os.path.abspath(__file__))


def multirc(rng):
    cases = []
    for name, questions, share in [("some questions", 12, 0.8), ("one answer each", 9, 0.6), ("all are right", 4, 1.0),
                                   ("two questions", 2, 0.3)]:
        sizes = [1] * questions if name == "one answer each" else rng.integers(1, 6, questions)
        # The answers to a question need not stand together.
        groups = rng.permutation(np.repeat(np.arange(questions), sizes))
        truth = rng.integers(0, 2, len(groups))
        guess = np.where(rng.random(len(groups)) < share, truth, 1 - truth)
        right = {question: bool((truth == guess)[groups == question].all()) for question in groups}
        cases.append(dict(
            name=name, groups=[f"question {group}" for group in groups], truth=truth.tolist(), predicted=guess.tolist(),
            exact_match=sum(right.values()) / questions, f1=float(f1_score(truth, guess, zero_division=0)),
            accuracy=float(accuracy_score(truth, guess))))
    return cases


def words(text):
    bare = "".join(letter for letter in text.lower() if letter not in string.punctuation)
    return re.sub(r"\b(a|an|the)\b", " ", bare).split()


def f1_of_words(answer, guess):
    expected, actual = words(answer), words(guess)
    common = sum((Counter(expected) & Counter(actual)).values())
    return 2 * common / (len(expected) + len(actual)) if common else 0.0


def record():
    questions = [
        (["Barack Obama", "Obama", "U.S.", "White House"], [0, 1], 1),
        (["Barack Obama", "Obama", "U.S.", "White House"], [0], 1),
        (["Barack Obama", "Obama", "U.S.", "White House"], [1], 3),
        (["The White House", "White House", "Hawaii"], [1], 0),
        (["New York City", "New York", "York"], [0], 1),
        (["New York City", "New York", "York", "Old York"], [0, 3], 2),
    ]
    score = lambda of: sum(max(of(choices[at], choices[guess]) for at in right) for choices, right, guess in questions) / len(questions)
    return dict(
        questions=[dict(choices=choices, right=right, predicted=guess) for choices, right, guess in questions],
        accuracy=sum(guess in right for _, right, guess in questions) / len(questions),
        answer_match=score(lambda answer, guess: float(words(answer) == words(guess))), answer_f1=score(f1_of_words))


def loss(rng):
    """Weights are shares of a batch of four, of which three examples are computed together."""
    sizes, right = [3, 1, 4], [[1], [0], [0, 2]]
    outputs = torch.tensor(rng.normal(0, 2, sum(sizes)), requires_grad=True)
    total = 0
    for part, of_example in zip(outputs.split(sizes), right):
        total = total - torch.log(torch.softmax(part, 0)[of_example].sum()) / 4
    total.backward()
    return dict(sizes=sizes, right=right, outputs=outputs.tolist(), loss=total.item(), gradient=outputs.grad.tolist())


def training(seed):
    """The four texts of A/bert are two examples of two choices; the classifier is drawn anew."""
    model = BertForMultipleChoice.from_pretrained(f"{HERE}/A/bert/model", ignore_mismatched_sizes=True).eval()
    torch.manual_seed(seed)
    with torch.no_grad():
        model.classifier.weight.copy_(0.3 * torch.randn(model.classifier.weight.shape))
        model.classifier.bias.copy_(0.3 * torch.randn(model.classifier.bias.shape))
    base = load_file(f"{HERE}/A/bert/base_cls.safetensors")
    inputs = {name: base[name].long().view(2, 2, -1) for name in ("input_ids", "attention_mask", "token_type_ids")}
    right = [1, 0]
    result = model(**inputs, labels=torch.tensor(right))
    result.loss.backward()
    trained = {name: p for name, p in model.named_parameters() if name.endswith(".bias") or name.startswith("classifier.")}
    return dict(
        right=right, loss=result.loss.item(), outputs=result.logits.tolist(),
        head={name: p.flatten().tolist() for name, p in trained.items() if name.startswith("classifier.")},
        gradients={name: p.grad.flatten().tolist() for name, p in trained.items()})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default=HERE)
    parser.add_argument("--seed", type=int, default=14)
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    values = dict(
        versions=dict(sklearn=sklearn.__version__, torch=torch.__version__, transformers=transformers.__version__),
        multirc=multirc(rng), record=record(), loss=loss(rng), training=training(args.seed))
    with open(f"{args.out}/super-glue.json", "w") as file:
        json.dump(values, file, indent=1)
        file.write("\n")


main()
