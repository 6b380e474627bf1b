"""Token ids of transformers' RobertaTokenizer for a small vocabulary: python byte-pairs.py OUT

Writes OUT/vocab.json and OUT/merges.txt (learnt from the texts below) and OUT/values.json (single texts, pairs, and both
truncated; with the settings of a bare folder and with others).  transformers 5.23.0, tokenizers 0.23.3.
"""
import json, os, sys, tempfile

os.environ.setdefault("HF_HUB_OFFLINE", "1")
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import RobertaTokenizer

TEXTS = [
    "The cat sat on the mat.", "the cat sat on the mat and the dog ran", "Hello, world!", "hello world", " hello world", "", " ", "   ",
    "unhappy dogs running, jumping; barking", "New York 2024", "café naïve Über straße", "CAFÉ CAFE\u0301 cafe\u0301", "你好 中国 日本", "日本語のテキスト",
    "тест привет мир", "مرحبا بالعالم", "नमस्ते दुनिया", "😀 😀cat", "👩‍👩‍👧 family 🇩🇪", "a\tb\nc  d", "line one\nline two\r\n\r\nline three", "tabs\t\tand   spaces   ",
    "x" * 300, "don't I'm we've they'll he'd it's you're", "DON'T I'M", "don\u2019t", "@me #cat $20 100% a&b", "3.14159 1,000,000 1e-5", "½ ² ① Ⅷ",
    "the <mask> sat on the mat", "the<mask>sat", "<s>the cat</s>", "<pad> <unk> <s>", "< mask >", "\u200bcat\u00ad \ufffd dog", "nul\x00l and bell\x07",
    "e\u0301\u0302\u0303", "\u00a0cat\u00a0dog", "\u3000the\u2003cat", "http://example.org/a?b=c&d=%20", "snake_case camelCase kebab-case", "def f(x):\n    return x + 1",
    "...!!!???", "\"quoted\" 'single' (round) [square] {curly}", "a", "\U0001f600" * 20, "the quick brown fox jumps over the lazy dog " * 4,
    "Ġthe Ċ", "\ud7ff\ue000", "ﬁ ﬂ ŀ ǆ", "end with space ",
]
PAIRS = [("The cat sat.", "a dog"), ("hello", "the quick brown fox jumps over the lazy dog"), ("", "the"), ("the cat", "<mask> cat"),
         ("the cat sat on the mat", "a dog sat on a mat and ran")]
SETTINGS = [{}, {"add_prefix_space": True, "mask_token": {"__type": "AddedToken", "content": "<mask>", "lstrip": True,
                                                          "rstrip": False, "single_word": False, "normalized": False}}]

out = sys.argv[1]
os.makedirs(out, exist_ok=True)
learner = Tokenizer(models.BPE())
learner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
learner.train_from_iterator(TEXTS * 3, trainers.BpeTrainer(
    vocab_size=420, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
    initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False))
learner.model.save(out)
values = []
for settings in SETTINGS:
    with tempfile.TemporaryDirectory() as folder:
        for name in ("vocab.json", "merges.txt"):
            os.symlink(os.path.abspath(f"{out}/{name}"), f"{folder}/{name}")
        with open(f"{folder}/tokenizer_config.json", "w") as file:
            json.dump({"tokenizer_class": "RobertaTokenizer", **settings}, file)
        t = RobertaTokenizer.from_pretrained(folder)
    ids = []
    for text in TEXTS:
        for limit in (512, 7):
            ids.append(dict(text=text, limit=limit, ids=t(text, truncation=True, max_length=limit)["input_ids"]))
    for text, pair in PAIRS:
        for limit in (512, 13, 12, 7):
            ids.append(dict(text=text, pair=pair, limit=limit, ids=t(text, pair, truncation="longest_first", max_length=limit)["input_ids"]))
    values.append(dict(settings=settings, values=ids))
with open(f"{out}/values.json", "w", encoding="utf-8") as file:
    json.dump(values, file, separators=(",", ":"))
    file.write("\n")
