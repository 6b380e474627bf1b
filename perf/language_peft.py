"""
PyTorch, transformers and PEFT's side of a comparison of language models, in turns: trains, or goes on with the first text.
See peer.py for the orders.

    python language_peft.py FOLDER MODEL METHOD train|generate STEPS THREADS PROMPT GENERATED
"""

import sys
import time

import torch
from peer import answer_orders, read_config, read_texts
from peft import get_peft_model, load_peft_weights, set_peft_model_state_dict
from transformers import AutoModelForCausalLM

folder, path, method, mode = sys.argv[1:5]
steps, threads, prompt, generated = map(int, sys.argv[5:9])
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
    # Without dropout, which the adapters have none of, this is the model that is trained.
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
    text = ids[:1, :prompt]

    def go_on():
        with torch.no_grad():
            # No token ends the text: both sides add as many.
            return model.generate(
                text, attention_mask=torch.ones_like(text), do_sample=False, min_new_tokens=generated,
                max_new_tokens=generated, pad_token_id=0, eos_token_id=-1,
            )

    def work(count):
        milliseconds, texts = timed(go_on, count)
        return {"milliseconds": milliseconds, "losses": texts[-1][0, prompt:].tolist()}


answer_orders(lambda order: work(int(order)))
