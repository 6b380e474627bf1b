"""Prefix tuning of DistilBERT, which PEFT refuses: python distilbert-prefix.py --seed 7 --shape A --out A

DistilBERT computes what BERT does without token types and pooler, and PEFT can put prefixes before that.  The script
moves the weights of OUT/distilbert into such a BERT, asserts that its logits are DistilBERT's, and adds the cases
distilbert/cls/prefix and prefix_proj to a directory that generate.py made, in its form.
"""
import argparse, os, re, shutil

import generate
import torch
from safetensors.torch import load_file
from torch import nn
from transformers import BertConfig, BertModel, BertPreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput

NAMES = [(r"^distilbert\.transformer\.", "bert.encoder."), (r"^distilbert\.", "bert."), (r"attention\.(q|k|v)_lin", r"attention.self.\1"),
         (r"self\.q\.", "self.query."), (r"self\.k\.", "self.key."), (r"self\.v\.", "self.value."),
         (r"attention\.out_lin", "attention.output.dense"), ("sa_layer_norm", "attention.output.LayerNorm"),
         (r"ffn\.lin1", "intermediate.dense"), (r"ffn\.lin2", "output.dense"), ("output_layer_norm", "output.LayerNorm")]


class Disguised(BertPreTrainedModel):
    def __init__(self, config):
        super().__init__(config)
        self.bert = BertModel(config, add_pooling_layer=False)
        self.pre_classifier = nn.Linear(config.hidden_size, config.hidden_size)
        self.classifier = nn.Linear(config.hidden_size, config.num_labels)
        self.post_init()

    def forward(self, input_ids=None, attention_mask=None, inputs_embeds=None, labels=None, past_key_values=None, **_):
        states = self.bert(input_ids=input_ids, attention_mask=attention_mask, past_key_values=past_key_values).last_hidden_state
        logits = self.classifier(torch.relu(self.pre_classifier(states[:, 0])))
        return SequenceClassifierOutput(loss=nn.functional.cross_entropy(logits, labels), logits=logits)


def disguised(s, weights):
    config = BertConfig(
        vocab_size=s["vocab"], hidden_size=s["hidden"], num_hidden_layers=s["layers"], num_attention_heads=s["heads"],
        intermediate_size=s["ffn"], max_position_embeddings=s["max_pos"], type_vocab_size=1, layer_norm_eps=1e-12,
        num_labels=s["num_labels"], hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    model = Disguised(config).eval()
    renamed = {"bert.embeddings.token_type_embeddings.weight": torch.zeros(1, s["hidden"])}
    for name, value in weights.items():
        for pattern, by in NAMES:
            name = re.sub(pattern, by, name)
        renamed[name] = value
    model.load_state_dict(renamed)
    return model


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--seed", type=int, required=True)
    ap.add_argument("--shape", choices=sorted(generate.SHAPES), required=True)
    ap.add_argument("--out", required=True)
    args = ap.parse_args()
    s, root = generate.SHAPES[args.shape], os.path.join(args.out, "distilbert")
    weights = load_file(os.path.join(root, "model", "model.safetensors"))
    base = load_file(os.path.join(root, "base_cls.safetensors"))
    inputs = {name: base[name].long() for name in ("input_ids", "attention_mask", "labels")}
    generate.close(disguised(s, weights)(**inputs).logits, base["logits"], 1e-5, "BERT against DistilBERT")
    for method in ("prefix", "prefix_proj"):
        folder = os.path.join(root, "cls", method)
        shutil.rmtree(folder, ignore_errors=True)
        adapter = os.path.join(folder, "adapter")
        tuned = generate.get_peft_model(disguised(s, weights), generate.peft_config(method, "bert", s, "cls"))
        generate.fill(tuned, args.seed, f"distilbert/cls/{method}")
        tuned.eval()
        tuned.save_pretrained(adapter)
        generate.strip_model_card(adapter)
        encoder = generate.encoder_state(tuned) if method == "prefix_proj" else None
        generate.save_case(folder, tuned, method, "distilbert", "cls", s, inputs, {},
                           dict(num_virtual_tokens=s["n_prefix"], heads=["classifier", "pre_classifier"]), encoder)


if __name__ == "__main__":
    main()
