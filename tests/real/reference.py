"""
What transformers computes with a model folder: reads the arguments of one of the functions below as a JSON list from
standard input, and writes what the function returns as JSON.

    python reference.py tokens|chat|embeddings|logits|generation FOLDER
"""

import json
import sys

import torch
from transformers import AutoModel, AutoModelForCausalLM, AutoTokenizer

what, folder = sys.argv[1:]
arguments = json.load(sys.stdin)
torch.set_num_threads(2)
tokenizer = AutoTokenizer.from_pretrained(folder)


def tokens(limit, texts):
    """Ids and segments of texts, alone or in pairs."""
    encoded = [tokenizer(*text, truncation=True, max_length=limit) for text in texts]
    return [[one["input_ids"], one.get("token_type_ids")] for one in encoded]


def chat(messages):
    """Messages of a user as the chat template writes them."""
    conversations = [[{"role": "user", "content": message}] for message in messages]
    return [tokenizer.apply_chat_template(one, tokenize=False, add_generation_prompt=True) for one in conversations]


def embeddings(texts):
    """The mean of each text's last hidden states, scaled to length 1."""
    model = AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
    inputs = tokenizer(texts, padding=True, return_tensors="pt")
    states = model(**inputs).last_hidden_state
    mask = inputs["attention_mask"].unsqueeze(2)
    means = (states * mask).sum(1) / mask.sum(1)
    return torch.nn.functional.normalize(means).tolist()


def logits(texts):
    """Logits of each text, computed alone."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    return [model(**tokenizer(text, return_tensors="pt")).logits[0].tolist() for text in texts]


def generation(count, texts):
    """Ids of each text, with those that are generated greedily."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    model.generation_config.eos_token_id = None
    results = []
    for text in texts:
        inputs = tokenizer(text, return_tensors="pt")
        results.append(model.generate(**inputs, do_sample=False, max_new_tokens=count)[0].tolist())
    return results


with torch.no_grad():
    json.dump({f.__name__: f for f in (tokens, chat, embeddings, logits, generation)}[what](*arguments), sys.stdout)
