"""Token ids of transformers' BertTokenizer for a small vocabulary: python wordpiece.py OUT

Writes OUT/vocab.txt and OUT/values.json (single texts, pairs, and both truncated; cased and uncased).
transformers 5.23.0.
"""
import json, os, sys

os.environ.setdefault("HF_HUB_OFFLINE", "1")
from transformers import BertTokenizer

WORDS = """the a cat dog sat on mat and ##s ##ing ##ed un ##happ ##y run ##n hello world new york café cafe naive naïve
I am Am HELLO Hello , . ! ? ' " - ( ) 1 2 3 ##1 ##2 ##3 20 ##24 你 好 中 日 本 ü ##ber über uber ##er é e ##e ##é straße strasse
т ##е ##ст тест م ##ر ##حبا 😀 & @ # $ % [ ] q ##u ##ick brown fox jump over lazy x ##x""".split()
TEXTS = [
    "The cat sat on the mat.", "Hello, world!", "", "   ", "unhappy dogs running", "New York 2024", "café naïve Über straße",
    "你好 中国 日本", "тест مرحبا", "😀 😀cat", "a\tb\nc  d", "xxxxxxxx " + "x" * 120, "the [SEP] cat [MASK] [CLS]",
    "\u200bcat\u00ad \ufffd dog\x00", "e\u0301 caf\u00e9 CAFE\u0301", "don't @me #cat $20 100%", "the quick brown fox jumps over the lazy dog " * 3,
]
PAIRS = [("The cat sat.", "a dog"), ("hello", "the quick brown fox over the lazy dog"), ("the cat sat on the mat", "a dog sat on a mat and ran")]

out = sys.argv[1]
os.makedirs(out, exist_ok=True)
pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *dict.fromkeys(WORDS)]
with open(f"{out}/vocab.txt", "w", encoding="utf-8") as file:
    file.write("\n".join(pieces) + "\n")
values = []
for lower in (True, False):
    t = BertTokenizer(vocab={piece: i for i, piece in enumerate(pieces)}, do_lower_case=lower)
    for text in TEXTS:
        for limit in (512, 6):
            values.append(dict(lower=lower, text=text, limit=limit, ids=t(text, truncation=True, max_length=limit)["input_ids"]))
    for text, pair in PAIRS:
        for limit in (512, 11, 10, 6, 5):
            e = t(text, pair, truncation="longest_first", max_length=limit)
            values.append(dict(lower=lower, text=text, pair=pair, limit=limit, ids=e["input_ids"], types=e["token_type_ids"]))
with open(f"{out}/values.json", "w", encoding="utf-8") as file:
    json.dump(values, file, ensure_ascii=False, separators=(",", ":"))
    file.write("\n")
