"""Losses of reference texts with transformers, for tests/runs/training/generation_test.ts.

    python tests/golden/reference-loss.py

Writes reference-loss.json beside it: of two tiny golden models, for each example the sum of the losses of all tokens of its
references, each after the text, the end token included, and the number of these tokens. A character is a token.
"""
import json
from pathlib import Path

import torch
import transformers

HERE = Path(__file__).parent
CHARACTERS = ["\n", *map(chr, range(32, 127))]
EXAMPLES = [("name[7]", ["it is 7", "7"]), ("name[12], food[French]", ["a"]), ("x", ["abcdefghijkl"])]
OUTPUT_LENGTH = 10


def encode(text):
    return [CHARACTERS.index(character) for character in text]


def losses(model, text, reference):
    end = model.config.eos_token_id
    answer = (encode(reference) + [end])[:OUTPUT_LENGTH]
    with torch.no_grad():
        if model.config.is_encoder_decoder:
            out = model(input_ids=torch.tensor([encode(text)]), labels=torch.tensor([answer]))
        else:
            prompt = encode(text + "\n")
            labels = [-100] * len(prompt) + answer
            out = model(input_ids=torch.tensor([prompt + answer]), labels=torch.tensor([labels]))
    return out.loss.item() * len(answer), len(answer)


def values(model):
    per_example = []
    for text, references in EXAMPLES:
        parts = [losses(model, text, reference) for reference in references]
        per_example.append({"loss": sum(loss for loss, _ in parts), "tokens": sum(count for _, count in parts)})
    return per_example


result = {
    "transformers": transformers.__version__,
    "outputLength": OUTPUT_LENGTH,
    "examples": [{"text": text, "references": references} for text, references in EXAMPLES],
    "A/gpt2": values(transformers.GPT2LMHeadModel.from_pretrained(HERE / "A/gpt2/model").double().eval()),
    "T5A/t5": values(transformers.T5ForConditionalGeneration.from_pretrained(HERE / "T5A/t5/model").double().eval()),
}
(HERE / "reference-loss.json").write_text(json.dumps(result, indent=2) + "\n")
