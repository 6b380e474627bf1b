"""Writes rouge-lsum.json: ROUGE-Lsum of rouge_score 0.1.2, without stemming, on texts of several lines."""

import json
import pathlib
import random

from rouge_score import rouge_scorer

random.seed(3)
WORDS = "the cat sat on a mat and saw dog run fast in garden of 7 red".split()


def text():
    return "\n".join(" ".join(random.choices(WORDS, k=random.randint(0, 7))) for _ in range(random.randint(1, 4)))


scorer = rouge_scorer.RougeScorer(["rougeLsum"])
pairs = [(text(), text()) for _ in range(40)]
pairs += [("the cat sat\non the mat", "on the mat\nthe cat sat"), ("", "a cat"), ("a a a", "a\na")]
values = [
    {"target": target, "prediction": prediction, "f": scorer.score(target, prediction)["rougeLsum"].fmeasure}
    for target, prediction in pairs
]
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(values, indent=1) + "\n")
