"""
PyTorch and PEFT run the cells of a study on use-lite: each request is the id of a cell.

    python study_peft.py FOLDER THREADS

FOLDER holds what programs/write-study.ts wrote (`PeerStudy` in processes/peer-study.ts): the examples, the batches, and
the start values of each cell. LoRA is PEFT's; PEFT's other methods need a model of transformers, so they are written
here, as plainly as a user would.
"""

import json
import sys

import torch
from peft import LoraConfig, inject_adapter_in_model
from safetensors.torch import load_file
from shared import answer_requests
from torch import nn
from torch.nn import functional

folder, threads = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(threads)

HEADS = 4
EPSILON = 1e-6
# Texts that are scored together.
EVALUATED = 64

with open(f"{folder}/study.json") as file:
    study = json.load(file)
cells = {cell["id"]: cell for cell in study["cells"]}
weights = load_file(study["weights"])


def linear(name):
    """A linear map of the backbone, whose weights are stored as [in, out]."""
    matrix = weights[f"{name}.weight"]
    layer = nn.Linear(*matrix.shape)
    layer.weight.data = matrix.T.contiguous().clone()
    layer.bias.data = weights[f"{name}.bias"].clone()
    return layer


def norm(name):
    layer = nn.LayerNorm(weights[f"{name}.weight"].shape, eps=EPSILON)
    layer.weight.data = weights[f"{name}.weight"].clone()
    layer.bias.data = weights[f"{name}.bias"].clone()
    return layer


class Layer(nn.Module):
    def __init__(self, name):
        super().__init__()
        self.attention_norm, self.ffn_norm = norm(f"{name}.attention.norm"), norm(f"{name}.ffn.norm")
        self.qkv, self.output = linear(f"{name}.attention.qkv"), linear(f"{name}.attention.output")
        self.residual = linear(f"{name}.residual") if f"{name}.residual.weight" in weights else nn.Identity()
        self.ffn_in, self.ffn_out = linear(f"{name}.ffn.in"), linear(f"{name}.ffn.out")

    def forward(self, x, mask, prefix):
        batch, length, width = x.shape
        queries, keys, values = self.qkv(self.attention_norm(x)).chunk(3, -1)
        if prefix is not None:
            keys, values = (
                torch.cat([rows.expand(batch, -1, -1), own], 1) for rows, own in zip(prefix, (keys, values))
            )
        split = lambda rows: rows.view(batch, -1, HEADS, width // HEADS).transpose(1, 2)
        mixed = functional.scaled_dot_product_attention(*map(split, (queries, keys, values)), attn_mask=mask)
        x = self.residual(x) + self.output(mixed.transpose(1, 2).reshape(batch, length, width))
        return x + self.ffn_out(functional.relu(self.ffn_in(self.ffn_norm(x))))


class UseLite(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding.from_pretrained(weights["embeddings.word"].clone())
        self.layers = nn.ModuleList([Layer("layers.0"), Layer("layers.1")])
        self.pooler = linear("pooler")
        self.register_buffer("positions", weights["positions"])

    def forward(self, ids, mask, prompt=None, prefixes=(None, None)):
        tokens = self.words(ids)
        before = 0 if prompt is None else len(prompt)
        if before:
            tokens = torch.cat([prompt.expand(len(ids), -1, -1), tokens], 1)
        shift = 0 if prefixes[0] is None else len(prefixes[0][0])
        x = 2 * tokens + self.positions[shift : shift + tokens.shape[1]]
        seen = functional.pad(mask, (before + shift, 0), value=True)[:, None, None]
        for layer, prefix in zip(self.layers, prefixes):
            x = layer(x, seen, prefix)
        text = x[:, before:] * mask[..., None]
        return torch.tanh(self.pooler(text.sum(1) / mask.sum(1, keepdim=True)))


class Classifier(nn.Module):
    """use-lite with a method and a classifier, at the start values of a cell."""

    def __init__(self, cell):
        super().__init__()
        start = load_file(f"{folder}/{cell['id']}.safetensors")
        self.backbone = UseLite().requires_grad_(False)
        self.head = nn.Linear(*start["head.weight"].shape)
        self.head.weight.data = start.pop("head.weight").T.contiguous()
        self.head.bias.data = start.pop("head.bias")
        self.rates = {parameter: cell["training"]["headLearningRate"] for parameter in self.head.parameters()}
        self.own, self.encoder = nn.ParameterDict(), None
        for part in cell["method"]:
            self.adapt(part["name"], part["options"], start)
        self.features_fixed = len(self.rates) == 2

    def adapt(self, name, options, start):
        values = {key.removeprefix(f"{name}/"): value for key, value in start.items() if key.startswith(f"{name}/")}
        trained = []
        if name == "full":
            trained = list(self.backbone.parameters())
        elif name == "bitfit":
            trained = [parameter for key, parameter in self.backbone.named_parameters() if key.endswith(".bias")]
        elif name == "lora":
            config = LoraConfig(
                r=options["rank"], lora_alpha=options["alpha"], lora_dropout=options["dropout"], target_modules=["qkv"]
            )
            inject_adapter_in_model(config, self.backbone)
            for at, layer in enumerate(self.backbone.layers):
                for matrix in ("lora_A", "lora_B"):
                    weight = getattr(layer.qkv, matrix)["default"].weight
                    weight.data = values[f"layers.{at}.attention.qkv.{matrix}"]
                    trained.append(weight)
        elif name == "p-tuning":
            width, hidden = values["embedding.weight"].shape[1], options["hidden"]
            self.rows = nn.Parameter(values.pop("embedding.weight"))
            self.encoder = nn.Sequential(
                nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, width)
            )
            self.encoder.load_state_dict({key.removeprefix("mlp_head."): value for key, value in values.items()})
            trained = [self.rows, *self.encoder.parameters()]
        else:
            for key, value in values.items():
                self.own[key.replace(".", "_")] = nn.Parameter(value)
                trained.append(self.own[key.replace(".", "_")])
        for parameter in trained:
            parameter.requires_grad = True
            self.rates[parameter] = options["learningRate"]

    def features(self, ids, mask):
        prompt = self.own["prompt_embeddings"] if "prompt_embeddings" in self.own else None
        if self.encoder is not None:
            prompt = self.encoder(self.rows)
        prefixes = [
            (self.own[f"layers_{at}_keys"], self.own[f"layers_{at}_values"]) if f"layers_{at}_keys" in self.own else None
            for at in range(2)
        ]
        return self.backbone(ids, mask, prompt, prefixes)


def collate(texts, indices):
    rows = [torch.tensor(texts["ids"][index]) for index in indices]
    ids = nn.utils.rnn.pad_sequence(rows, batch_first=True)
    lengths = torch.tensor([len(row) for row in rows])
    return ids, torch.arange(ids.shape[1]) < lengths[:, None]


def run(cell):
    """Trains, scores each epoch on the validation examples, and tests with the values of the best."""
    torch.manual_seed(0)
    training, examples = cell["training"], study["examples"][cell["examples"]]
    model = Classifier(cell)
    trained = list(model.rates)
    groups = [{"params": [parameter], "lr": rate} for parameter, rate in model.rates.items()]
    optimiser = torch.optim.AdamW(groups, weight_decay=training["weightDecay"], fused=True)
    steps = training["epochs"] * len(examples["batches"][0])
    warm = -int(-(training["warmup"] * steps) // 1)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: step / warm if step < warm else (steps - step) / max(1, steps - warm)
    )
    known = {}

    def features_of(split, indices):
        if split in known:
            return known[split][indices]
        return model.features(*collate(examples[split], indices))

    def in_batches(split, compute):
        """The rows that are computed of each text, in batches of texts of like length."""
        ids = examples[split]["ids"]
        order = sorted(range(len(ids)), key=lambda index: len(ids[index]))
        with torch.no_grad():
            parts = [compute(order[at : at + EVALUATED]) for at in range(0, len(order), EVALUATED)]
        rows = torch.cat(parts)
        return rows[torch.argsort(torch.tensor(order))]

    def accuracy(split):
        logits = in_batches(split, lambda indices: model.head(features_of(split, indices)))
        return (logits.argmax(1) == torch.tensor(examples[split]["labels"])).float().mean().item()

    if model.features_fixed:
        # Nothing that is trained changes the features: each text's are computed once.
        for split in ("train", "validation", "test"):
            known[split] = in_batches(split, lambda indices: features_of(split, indices))
    labels = torch.tensor(examples["train"]["labels"])
    validation, losses, best = [], [], None
    for batches in examples["batches"][: training["epochs"]]:
        for indices in batches:
            optimiser.zero_grad()
            loss = functional.cross_entropy(model.head(features_of("train", indices)), labels[indices])
            loss.backward()
            torch.nn.utils.clip_grad_norm_(trained, training["clip"])
            optimiser.step()
            schedule.step()
            losses.append(loss.item())
        validation.append(accuracy("validation"))
        if best is None or validation[-1] > validation[best[0]]:
            best = len(validation) - 1, [parameter.detach().clone() for parameter in trained]
        if len(validation) - 1 - best[0] >= training.get("patience", float("inf")):
            break
    with torch.no_grad():
        for parameter, value in zip(trained, best[1]):
            parameter.copy_(value)
    return {"accuracy": accuracy("test"), "stepLoss": losses}


answer_requests(lambda request: run(cells[request]))
