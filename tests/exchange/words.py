"""Scores words with PEFT and adapters, next to the scores given, and writes adapters of its own with their scores.

    python words.py JOBS.json OUT

JOBS.json is a list of {name, kind, model, adapter, texts, answers, words, scores}: kind is masked, causal or s2s; model the folder of
the backbone; adapter a folder, or null; texts token ids; answers the index of each text's mask; words token ids; scores [text][word].
Of a job without an adapter, PEFT makes one by LoRA with other than its start values in OUT/<name>. Prints a list of {name, scores}.
"""
import json
import os
import sys
import warnings

os.environ["HF_HUB_OFFLINE"] = "1"
warnings.filterwarnings("ignore")
import torch
import transformers
from peft import LoraConfig, PeftModel, get_peft_model

transformers.utils.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
torch.set_num_threads(1)
CLASSES = {
    "masked": transformers.AutoModelForMaskedLM,
    "causal": transformers.AutoModelForCausalLM,
    "s2s": transformers.AutoModelForSeq2SeqLM,
}
TASKS = {"masked": "FEATURE_EXTRACTION", "causal": "CAUSAL_LM", "s2s": "SEQ_2_SEQ_LM"}


def logits(model, job, text, word):
    """Logits of the tokens of a word."""
    start = getattr(model.config, "decoder_start_token_id", None)
    ids = text + word[:-1] if job["kind"] == "causal" else text
    inputs = dict(input_ids=torch.tensor([ids]), attention_mask=torch.ones(1, len(ids), dtype=torch.long))
    if job["kind"] == "s2s":
        inputs["decoder_input_ids"] = torch.tensor([[start] + word[:-1]])
    return model(**inputs).logits[0]


def score(model, job, text, answer, word):
    rows = logits(model, job, text, word)
    if job["kind"] == "masked":
        # Virtual tokens stand before the text.
        rows = rows[len(rows) - len(text) + answer][None]
    rows = torch.log_softmax(rows[-len(word):], dim=-1)
    return sum(float(row[token]) for row, token in zip(rows, word))


def open_adapter(job):
    model = CLASSES[job["kind"]].from_pretrained(job["model"]).eval()
    if job["adapter"]:
        return PeftModel.from_pretrained(model, job["adapter"]).eval()
    torch.manual_seed(1)
    # PEFT knows by itself where the others have their queries and values.
    targets = {"distilbert": ["q_lin", "v_lin"]}.get(model.config.model_type)
    config = LoraConfig(task_type=TASKS[job["kind"]], r=2, init_lora_weights=False, target_modules=targets)
    made = get_peft_model(model, config)
    made.save_pretrained(f"{sys.argv[2]}/{job['name']}")
    return made.eval()


results = []
for job in json.load(open(sys.argv[1])):
    model = open_adapter(job)
    answers = job["answers"] or [None] * len(job["texts"])
    with torch.no_grad():
        scores = [[score(model, job, *pair, word) for word in job["words"]] for pair in zip(job["texts"], answers)]
    results.append(dict(name=job["name"], scores=scores))
print(json.dumps(results))
