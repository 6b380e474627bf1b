"""
What PyTorch and transformers answer with hand-written prompts: for each template the class of the first 300 sentences of
SST-2's validation split whose word has the greatest log-probability, summed over its tokens, as the next of the text before {answer}.
Writes answers.json beside this file; the sentences are not in it.

    python tests/golden/written-prompts/answers.py FOLDER/SmolLM2-135M-Instruct FOLDER/sst2/dev.tsv
"""

import hashlib
import json
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

TEMPLATES = ["{text} It was {answer}.", "{text} A {answer} one.", "{text} All in all {answer}."]
WORDS = ["terrible", "great"]

folder, table = map(Path, sys.argv[1:])
torch.set_num_threads(2)
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
header, *rows = table.read_text().rstrip("\n").split("\n")
assert header == "sentence\tlabel"
# Sentences of the file end with a space, which a template does not take.
sentences = [row.rsplit("\t", 1)[0].strip() for row in rows[:300]]


def ids(text):
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def scores(text):
    """Log-probability of each word behind a text."""
    read = ids(text)
    computed = {}
    results = []
    for answer in (ids(" " + word) for word in WORDS):
        # What stands before the last token of a word; words of one token share it.
        before = tuple(read + answer[:-1])
        if before not in computed:
            computed[before] = model(torch.tensor([before])).logits[0].log_softmax(1)
        results.append(sum(computed[before][len(read) - 1 + at, token].item() for at, token in enumerate(answer)))
    return results


answers = {}
margins = []
with torch.no_grad():
    for template in TEMPLATES:
        before = template.split(" {answer}")[0]
        all_scores = [scores(before.replace("{text}", sentence)) for sentence in sentences]
        answers[template] = "".join(str(int(great > terrible)) for terrible, great in all_scores)
        margins.append(min(abs(great - terrible) for terrible, great in all_scores))

sums = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (folder / "model.safetensors", table)}
result = {"sha256": sums, "words": WORDS, "leastMargin": min(margins), "answers": answers}
Path(__file__).with_suffix(".json").write_text(json.dumps(result, indent=2) + "\n")
