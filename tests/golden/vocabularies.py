"""Token ids of transformers for small vocabularies that have no tokenizer.json: python vocabularies.py OUT

Learns them from the texts of byte-pairs/ beside this script, and writes for each kind a folder with its
vocabulary, tokenizer_config.json and values.json (single texts, pairs, both truncated, and what ids decode to):
  OUT/gpt2   vocab.json and merges.txt with <|endoftext|>
  OUT/qwen2  vocab.json and merges.txt, special tokens in the settings
  OUT/t5     spiece.model: unigram pieces of SentencePiece, NFKC
  OUT/llama  tokenizer.model: byte pairs of SentencePiece, with bytes for what has no piece
Says where SentencePiece itself gives other ids than transformers.  transformers 5.23.0, sentencepiece 0.2.3.
"""
import io, json, os, sys

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import sentencepiece
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import GPT2Tokenizer, LlamaTokenizer, Qwen2Tokenizer, T5Tokenizer

here = os.path.dirname(os.path.abspath(__file__))
known = json.load(open(f"{here}/byte-pairs/values.json", encoding="utf-8"))[0]["values"]
TEXTS = list(dict.fromkeys(value["text"] for value in known if "pair" not in value))
# Control characters and specials of other models say nothing here; those of these models do.
TEXTS = [t for t in TEXTS if "\x00" not in t and "\ud7ff" not in t] + [
    "the <|endoftext|> cat", "the<|im_start|>user\ncat<|im_end|>", "<extra_id_0> cat<extra_id_1>", "a </s> b", "<s>", "<unk> cat"]
PAIRS = [("The cat sat.", "a dog"), ("hello", "the quick brown fox jumps over the lazy dog"), ("the cat sat on the mat", "a dog sat on a mat and ran")]
out = sys.argv[1]


def write(kind, cls, settings):
    folder = f"{out}/{kind}"
    with open(f"{folder}/tokenizer_config.json", "w") as file:
        json.dump({"tokenizer_class": cls.__name__, **settings}, file)
        file.write("\n")
    t = cls.from_pretrained(folder)
    values = []
    for text in TEXTS:
        for limit in (512, 7):
            ids = t(text, truncation=True, max_length=limit)["input_ids"]
            values.append(dict(text=text, limit=limit, ids=ids))
    for text, pair in PAIRS:
        for limit in (512, 13, 8):
            values.append(dict(text=text, pair=pair, limit=limit, ids=t(text, pair, truncation="longest_first", max_length=limit)["input_ids"]))
    texts = [dict(ids=t(x)["input_ids"], text=t.decode(t(x)["input_ids"], skip_special_tokens=True)) for x in TEXTS[:12]]
    with open(f"{folder}/values.json", "w", encoding="utf-8") as file:
        json.dump(dict(rows=len(t), encoded=values, decoded=texts), file, separators=(",", ":"))
        file.write("\n")
    return t


for kind in ("gpt2", "qwen2", "t5", "llama"):
    os.makedirs(f"{out}/{kind}", exist_ok=True)
for kind, specials in (("gpt2", ["<|endoftext|>"]), ("qwen2", [])):
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    learner.train_from_iterator(TEXTS * 3, trainers.BpeTrainer(
        vocab_size=400, special_tokens=specials, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False))
    learner.model.save(f"{out}/{kind}")
write("gpt2", GPT2Tokenizer, {})
size = len(json.load(open(f"{out}/qwen2/vocab.json")))
write("qwen2", Qwen2Tokenizer, {
    "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>",
    "added_tokens_decoder": {str(size + i): dict(content=token, lstrip=False, normalized=False, rstrip=False, single_word=False, special=True)
                             for i, token in enumerate(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])}})


def learn(path, texts, **how):
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([t for t in texts if t.strip()] * 3), model_writer=model, hard_vocab_limit=False, minloglevel=2, num_threads=1, **how)
    open(path, "wb").write(model.getvalue())
    return sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())


def compare(kind, tokenizer, pieces):
    other = [x for x in TEXTS if tokenizer(x, add_special_tokens=False)["input_ids"] != pieces.encode(x)]
    print(f"{kind}: SentencePiece differs in {len(other)} of {len(TEXTS)} texts: {other}")


pieces = learn(f"{out}/t5/spiece.model", TEXTS, model_type="unigram", vocab_size=300, pad_id=0, eos_id=1, unk_id=2, bos_id=-1, normalization_rule_name="nmt_nfkc")
compare("t5", write("t5", T5Tokenizer, {"extra_ids": 3}), pieces)
pieces = learn(f"{out}/llama/tokenizer.model", [t for t in TEXTS if t.isascii()], model_type="bpe", vocab_size=520, byte_fallback=True, 
               character_coverage=1.0, normalization_rule_name="identity", remove_extra_whitespaces=False)
compare("llama", write("llama", LlamaTokenizer, {"legacy": False, "add_bos_token": True}), pieces)
