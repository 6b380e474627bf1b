"""
PyTorch, transformers and PEFT make whole runs: each run on standard input is answered with its scores.

    python accuracy_peft.py THREADS

A run is a line of JSON (`PeerRun` in measure/accuracy.ts): TuneBench's spec, the examples and the batches. Models, methods
and start values are the libraries' own, except that there is no dropout and that the classifier starts from zeros. With
virtual tokens, BERT's pooler and the classifier of decoders read the positions that PEFT makes them read.
"""

import json
import sys

import torch
from peft import (
    IA3Config,
    LNTuningConfig,
    LoraConfig,
    PrefixTuningConfig,
    PromptEncoderConfig,
    PromptTuningConfig,
    get_peft_model,
    inject_adapter_in_model,
)
from shared import answer
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

torch.set_num_threads(int(sys.argv[1]))

HEADS = ("classifier", "score")
NORMS = {"bert": ["LayerNorm"], "llama": ["input_layernorm", "post_attention_layernorm", "norm"]}
DROPOUTS = ("hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout", "attention_dropout")


def load(folder, classes):
    """The model with a classifier of zeros and without dropout, frozen, and its tokenizer."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.padding_side = tokenizer.truncation_side = "right"
    config = AutoConfig.from_pretrained(folder, num_labels=classes)
    for name in DROPOUTS:
        if hasattr(config, name):
            setattr(config, name, 0.0)
    model = AutoModelForSequenceClassification.from_pretrained(folder, config=config, dtype=torch.float32)
    for name, parameter in model.named_parameters():
        parameter.requires_grad = is_head(name)
        if is_head(name):
            torch.nn.init.zeros_(parameter)
    return model, tokenizer


def is_head(name):
    return any(part in HEADS for part in name.split("."))


def config_of(part, architecture):
    """PEFT's config of a part of a method; where PEFT has none, a function that says whether a weight is trained."""
    name, options = part["name"], part["options"]
    if name == "full":
        return lambda weight: True
    if name == "linear-probe":
        return lambda weight: False
    if name == "bitfit":
        return lambda weight: weight.endswith(".bias")
    if name == "ln-tuning":
        return LNTuningConfig(task_type="SEQ_CLS", target_modules=NORMS[architecture])
    if name == "ia3":
        return IA3Config(task_type="SEQ_CLS")
    if name == "lora":
        return LoraConfig(
            task_type="SEQ_CLS",
            r=options["rank"],
            lora_alpha=options["alpha"],
            lora_dropout=options["dropout"],
            use_dora=options.get("dora", False),
        )
    if name == "prompt-tuning":
        starts = {"vocabulary": "SAMPLE_VOCAB", "random": "RANDOM"}
        return PromptTuningConfig(
            task_type="SEQ_CLS",
            num_virtual_tokens=options["virtualTokens"],
            prompt_tuning_init=starts[options["start"]],
        )
    if name == "p-tuning":
        return PromptEncoderConfig(
            task_type="SEQ_CLS",
            num_virtual_tokens=options["virtualTokens"],
            encoder_reparameterization_type=options["encoder"].upper(),
            encoder_hidden_size=options["hidden"],
        )
    if name == "prefix-tuning":
        return PrefixTuningConfig(task_type="SEQ_CLS", num_virtual_tokens=options["prefixLength"])
    raise ValueError(f"Cannot train {name}: PEFT has no such method")


def adapt(model, parts):
    """The model with the method's parts, and the learning rate of each weight that they train."""
    rates = {}

    def note_rates(part):
        for parameter in model.parameters():
            if parameter.requires_grad and parameter not in rates:
                rates[parameter] = part["options"]["learningRate"]

    heads = {parameter for name, parameter in model.named_parameters() if is_head(name)}
    *inner, outer = parts
    # A PeftModel around a PeftModel loses the inner one's virtual tokens and gradients. So all parts but the last are
    # injected into the model itself.
    for part in inner:
        model = inject_adapter_in_model(config_of(part, model.config.model_type), model)
        del model.peft_config
        note_rates(part)
    config = config_of(outer, model.config.model_type)
    if callable(config):
        for name, parameter in model.named_parameters():
            parameter.requires_grad = config(name) or is_head(name)
    else:
        model = get_peft_model(model, config)
        for parameter in rates:
            # get_peft_model has frozen everything that was there before.
            parameter.requires_grad = parameter not in heads
    note_rates(outer)
    return model, rates


def train(run):
    """Trains, evaluates after each epoch and tests with the values of the best one."""
    spec = run["spec"]
    training = spec["training"]
    torch.manual_seed(spec["seed"])
    model, tokenizer = load(run["folder"], run["classes"])
    model, rates = adapt(model, spec["method"])
    trained = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
    groups = [
        {"params": [parameter], "lr": training["headLearningRate"] if is_head(name) else rates[parameter]}
        for name, parameter in trained
    ]
    optimiser = torch.optim.AdamW(groups, weight_decay=training["weightDecay"])
    steps = sum(len(batches) for batches in run["batches"])
    warm = -int(-(training["warmup"] * steps) // 1)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: step / warm if step < warm else (steps - step) / max(1, steps - warm)
    )

    def encode(split, indices):
        examples = [run["splits"][split][index] for index in indices]
        texts = [example["text"] for example in examples]
        inputs = tokenizer(texts, truncation=True, max_length=run["limit"], padding=True, return_tensors="pt")
        lengths = inputs["attention_mask"].sum(1).tolist()
        if lengths != [example["tokens"] for example in examples]:
            raise ValueError("Cannot compare: both tokenizers must make as many tokens of each text")
        return inputs, torch.tensor([example["label"] for example in examples])

    def predict(split):
        """Classes of the examples, computed in batches of like length."""
        model.eval()
        examples = run["splits"][split]
        order = sorted(range(len(examples)), key=lambda index: examples[index]["tokens"])
        predicted = {}
        for begin in range(0, len(order), training["batchSize"]):
            indices = order[begin : begin + training["batchSize"]]
            inputs, _ = encode(split, indices)
            with torch.no_grad():
                predicted.update(zip(indices, model(**inputs).logits.argmax(1).tolist()))
        return [predicted[index] for index in range(len(examples))]

    def accuracy(split, predicted):
        examples = run["splits"][split]
        return sum(example["label"] == label for example, label in zip(examples, predicted)) / len(examples)

    validation, losses, best = [], [], None
    for epoch, batches in enumerate(run["batches"], 1):
        model.train()
        for indices in batches:
            inputs, labels = encode("train", indices)
            optimiser.zero_grad()
            loss = model(**inputs, labels=labels).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_([parameter for _, parameter in trained], training["clip"])
            optimiser.step()
            schedule.step()
            losses.append(loss.item())
        validation.append(accuracy("validation", predict("validation")))
        if best is None or validation[-1] > validation[best[0] - 1]:
            best = epoch, [parameter.detach().clone() for _, parameter in trained]
    epoch, values = best
    with torch.no_grad():
        for (_, parameter), value in zip(trained, values):
            parameter.copy_(value)
    predicted = predict("test")
    return {
        "accuracy": accuracy("test", predicted),
        "validation": validation,
        "bestEpoch": epoch,
        "stepLoss": losses,
        "predicted": predicted,
        "trainable": sum(parameter.numel() for _, parameter in trained),
    }


for line in sys.stdin:
    answer(train(json.loads(line)))
