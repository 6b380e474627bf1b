"""
PyTorch, transformers and PEFT on a language model. Mode train: a request is a number of steps on all texts. Mode generate:
a request is a number of repetitions. See shared.py for the requests.

    python language_peft.py FOLDER MODEL METHOD train|generate STEPS THREADS PROMPT_TOKENS NEW_TOKENS
"""

import sys
import time

import torch
from peft import get_peft_model, load_peft_weights, set_peft_model_state_dict
from shared import answer_requests, read_config, read_texts
from transformers import AutoModelForCausalLM

folder, path, method, mode = sys.argv[1:5]
steps, threads, prompt_tokens, new_tokens = map(int, sys.argv[5:9])
torch.set_num_threads(threads)
model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32)
ids = torch.tensor(read_texts(folder)[0])


def timed(work, count):
    milliseconds, results = [], []
    for _ in range(count):
        begun = time.perf_counter()
        results.append(work())
        milliseconds.append(1000 * (time.perf_counter() - begun))
    return milliseconds, results


if mode == "train":
    if method != "full":
        model = get_peft_model(model, read_config(f"{folder}/{method}"))
        set_peft_model_state_dict(model, load_peft_weights(f"{folder}/{method}"))
    # Switches dropout off, as on TuneBench's side; nothing else depends on the mode.
    model.eval()
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(parameters, lr=1e-4, weight_decay=0.01, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: 1 - step / steps)
    mask = torch.ones_like(ids)

    def step():
        optimiser.zero_grad()
        loss = model(input_ids=ids, attention_mask=mask, labels=ids).loss
        loss.backward()
        optimiser.step()
        schedule.step()
        return loss.item()

    def work(count):
        milliseconds, losses = timed(step, count)
        return {"milliseconds": milliseconds, "losses": losses}

else:
    model.eval()
    prompt = ids[:1, :prompt_tokens]

    def generate():
        with torch.no_grad():
            # No token ends the text, so that both sides generate the same number.
            return model.generate(
                prompt, attention_mask=torch.ones_like(prompt), do_sample=False, min_new_tokens=new_tokens,
                max_new_tokens=new_tokens, pad_token_id=0, eos_token_id=-1,
            )

    def work(count):
        milliseconds, texts = timed(generate, count)
        return {"milliseconds": milliseconds, "tokens": texts[-1][0, prompt_tokens:].tolist()}


answer_requests(lambda request: work(int(request)))
