"""Token ids of transformers for texts in templates: python templates.py, with the vocabularies beside this script.

Writes templates.json. For masked models: the ids of the whole text with the mask token in it, the index of the mask, and the ids of
the same text with each word in place of the mask. For decoders: the ids of the text before the answer, and of the same text with
each word behind it. For T5: the ids of the text before the answer, and those of each word as a text of its own. The mask of RoBERTa
takes the space before it, as the published one does.  transformers 5.23.0, sentencepiece 0.2.3.
"""
import json, os

os.environ.setdefault("HF_HUB_OFFLINE", "1")
from tokenizers import AddedToken
from transformers import BertTokenizer, GPT2Tokenizer, LlamaTokenizer, Qwen2Tokenizer, RobertaTokenizer, T5Tokenizer

here = os.path.dirname(os.path.abspath(__file__))
EXAMPLES = [dict(text="The cat sat on the mat.", pair="a dog ran"), dict(text="hello world", pair="Hello, world!"),
            dict(text="don't  jump", pair="café 20")]
MASKED = ["{text} It was {answer}.", "{text}? {answer}, {pair}", "{answer}: {text}", "{text} ({answer})", "{text}\n{label list}? {answer}!", "{text} {answer}"]
CAUSAL = ["{text} It was {answer}.", "{text}\n{pair}\nlazy, {label list}: {answer}", "{text} {answer}", "{text}? ({answer})", "{text}\n{answer}"]
# The first word has one token for masked models, and several for others.
WORDS = {True: ["the", "dog", "cat"], False: ["hello", "dog", "cat"]}
KINDS = {"bert": (BertTokenizer, "wordpiece"), "roberta": (RobertaTokenizer, "byte-pairs"), "gpt2": (GPT2Tokenizer, "vocabularies/gpt2"),
         "qwen2": (Qwen2Tokenizer, "vocabularies/qwen2"), "llama": (LlamaTokenizer, "vocabularies/llama"), "t5": (T5Tokenizer, "vocabularies/t5")}


def fill(part, example, words):
    for name, value in (("text", "\0t"), ("pair", "\0p"), ("label list", f"{words[0]}, {words[1]} or {words[2]}")):
        part = part.replace("{%s}" % name, value)
    return part.replace("\0t", example["text"]).replace("\0p", example["pair"])


def masked(t, template, example, words):
    before, after = (fill(part, example, words) for part in template.split("{answer}"))
    ids = t(before + t.mask_token + after)["input_ids"]
    return dict(ids=ids, answer=ids.index(t.mask_token_id),
                answered=[t(before + word + after)["input_ids"] for word in words])


def causal(t, template, example, words):
    before = fill(template.split("{answer}")[0], example, words)
    text = before.removesuffix(" ")
    return dict(ids=t(text)["input_ids"], answered=[t(before + word)["input_ids"] for word in words])


def sequence(t, template, example, words):
    text = fill(template.split("{answer}")[0], example, words).removesuffix(" ")
    return dict(ids=t(text)["input_ids"], words=[t(word, add_special_tokens=False)["input_ids"] for word in words])


out = {}
for kind, (cls, folder) in KINDS.items():
    if kind == "bert":
        t = cls(vocab={piece: i for i, piece in enumerate(open(f"{here}/{folder}/vocab.txt", encoding="utf-8").read().split())})
    elif kind == "roberta":
        t = cls(vocab=f"{here}/{folder}/vocab.json", merges=f"{here}/{folder}/merges.txt", mask_token=AddedToken("<mask>", lstrip=True))
    else:
        t = cls.from_pretrained(f"{here}/{folder}")
    is_masked = kind in ("bert", "roberta")
    read = masked if is_masked else sequence if kind == "t5" else causal
    words = WORDS[is_masked]
    values = [dict(template=template, **example, **read(t, template, example, words))
              for template in (MASKED if is_masked else CAUSAL) for example in EXAMPLES]
    out[kind] = dict(folder=folder, words=words, values=values)
with open(f"{here}/templates.json", "w", encoding="utf-8") as file:
    json.dump(out, file, ensure_ascii=False, separators=(",", ":"))
    file.write("\n")
