"""Token ids of the tokenizers library for files with all its parts: python generate.py OUT

Draws 500 tokenizer.json files (normalizers, pre-tokenizers, models, post-processors, decoders, added tokens, each with its
options) and for each four texts or pairs out of hostile ones, 2,000 in all; writes OUT, gzipped JSON: each file with
[text, pair, ids, types, text of the ids] for every text, "panic" or null for the ids where the library panics or fails, or
"refused" for the whole file.
Precompiled is left out: the values of T5 in vocabularies/ have it.  tokenizers 0.22.2, the version in @anush008/tokenizers; seed 11.
Version 0.23.3 gives other ids for 9 of the 2,000, where normalisers make the contents of added tokens equal or empty.
"""
import gzip, json, random, sys

from tokenizers import Tokenizer, pre_tokenizers

rng = random.Random(11)
some = lambda items, low, high: rng.sample(items, min(len(items), rng.randint(low, high)))
flip = lambda: rng.random() < 0.5
PIECES = [
    "the", "The", "THE", "cat", "Cats", "don't", "it's", "naïve", "CAFÉ", "cafe\u0301", "Σίσυφος", "ΛΌΓΟΣ", "İstanbul", "straße", "ﬁn", "½", "Ⅷ", "٣٤", "123", "4.5",
    "你好", "日本語", "ひらがな", "한국어", "नमस्ते", "مرحبا", "שלום", "ไทย", "👩‍👩‍👧", "🇩🇪", "😀", "e\u0301\u0302", "\ufeff", "\u200b", "\u00ad", "\ufffd", "\u0000", "\u0007", "\u0085",
    " ", "  ", "\t", "\n", "\r\n", "\u00a0", "\u3000", "\u2003", "\u2028", "▁", "Ġ", "##", "</w>", "_", "-", "--", "...", "!?", "'", "\"", "(a)", "[b]", "$5", "a+b", "@x", "#y", "x" * 130,
    "[CLS]", "[sep]", "[ENT]", "[ent]", "<x>", "<X>", "<x><x>", "ab", "abc", "abcd", "Ⓐ", "\U0001d400", "\U00020000", "<0x41>", "aaaa", "ABAB",
]
TEXTS = ["", " ", "the cat", " the cat ", "[ENT]the<x>cat", "abcabcd", "the  cat\n\nsat"] + [
    "".join(piece + rng.choice(["", " ", " "]) for piece in rng.choices(PIECES, k=rng.randint(1, 9))) for _ in range(300)]
CHARS = sorted(set("".join(TEXTS)) | set("abcdefghijklmnopqrstuvwxyz0123456789"))
BYTES = sorted(pre_tokenizers.ByteLevel.alphabet())
BEHAVIOURS = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]
PATTERNS = [{"Regex": r} for r in (r"\s+", r"\p{L}+", r"\d", r"[^\w\s]+", "a|b", r"\w+|[^\w\s]+", r"(?i:'s|'t)|\p{N}{1,3}|\s+(?!\S)|\s+", "^.", r"(?=[A-Z])")] + [
    {"String": s} for s in (" ", "a", "the", "-", "ab", ".", "")]


def sequence(kind, key, draw, depth=0):
    roll = rng.random()
    if roll < 0.15: return None
    if roll < 0.75 or depth: return draw()
    return {"type": "Sequence", key: [draw() for _ in range(rng.randint(0, 3))]}


def normalizer():
    return rng.choice([
        lambda: {"type": "BertNormalizer", "clean_text": flip(), "handle_chinese_chars": flip(), "strip_accents": rng.choice([None, True, False]), "lowercase": flip()},
        lambda: {"type": "Strip", "strip_left": flip(), "strip_right": flip()}, lambda: {"type": "StripAccents"}, lambda: {"type": "Lowercase"}, lambda: {"type": "Nmt"},
        lambda: {"type": rng.choice(["NFC", "NFD", "NFKC", "NFKD"])}, lambda: {"type": "Prepend", "prepend": rng.choice(["▁", "ab", " "])}, lambda: {"type": "ByteLevel"},
        lambda: {"type": "Replace", "pattern": rng.choice(PATTERNS), "content": rng.choice(["", " ", "▁", "ab", "é"])},
    ])()


def pre_tokenizer():
    return rng.choice([
        lambda: {"type": rng.choice(["BertPreTokenizer", "Whitespace", "WhitespaceSplit", "UnicodeScripts"])},
        lambda: {"type": "ByteLevel", "add_prefix_space": flip(), "trim_offsets": flip(), "use_regex": flip()},
        lambda: {"type": "CharDelimiterSplit", "delimiter": rng.choice([" ", "a", "-"])},
        lambda: {"type": "Metaspace", "replacement": rng.choice(["▁", "_"]), "prepend_scheme": rng.choice(["always", "never", "first"]), "split": flip()},
        lambda: {"type": "Split", "pattern": rng.choice(PATTERNS), "behavior": rng.choice(BEHAVIOURS), "invert": flip()},
        lambda: {"type": "Split", "pattern": rng.choice(PATTERNS), "behavior": rng.choice(BEHAVIOURS), "invert": flip()},
        lambda: {"type": "Punctuation", "behavior": rng.choice(BEHAVIOURS)}, lambda: {"type": "Digits", "individual_digits": flip()},
        lambda: {"type": "FixedLength", "length": rng.choice([1, 2, 5])},
    ])()


def decoder():
    return rng.choice([
        lambda: {"type": "BPEDecoder", "suffix": rng.choice(["</w>", ""])}, lambda: {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        lambda: {"type": "WordPiece", "prefix": rng.choice(["##", "a"]), "cleanup": flip()}, lambda: {"type": "ByteFallback"}, lambda: {"type": "Fuse"},
        lambda: {"type": "Metaspace", "replacement": "▁", "prepend_scheme": rng.choice(["always", "never", "first"]), "split": True},
        lambda: {"type": "CTC", "pad_token": "[UNK]", "word_delimiter_token": "|", "cleanup": flip()},
        lambda: {"type": "Replace", "pattern": rng.choice(PATTERNS), "content": rng.choice(["", " ", "b"])},
        lambda: {"type": "Strip", "content": rng.choice([" ", "a"]), "start": rng.choice([0, 1, 3]), "stop": rng.choice([0, 0, 0, 1])},
    ])()


def model():
    base = ["[UNK]", "[CLS]", "[SEP]"] + some(CHARS, 60, 160)
    words = some([p for p in PIECES if p], 5, 25)
    ids = lambda items: {item: at for at, item in enumerate(dict.fromkeys(items))}
    kind = rng.choice(["WordPiece", "WordLevel", "BPE", "BPE", "BPE", "Unigram"])
    if kind == "WordLevel": return dict(type=kind, vocab=ids(base + words + [w.lower() for w in words]), unk_token=rng.choice(["[UNK]", "[UNK]", "<unk>"]))
    if kind == "WordPiece":
        prefix = rng.choice(["##", "##", "", "~"])
        parts = [w[: rng.randint(1, len(w))] for w in words] + [prefix + w[rng.randint(0, len(w) - 1):] for w in words] + [prefix + c for c in some(CHARS, 40, 90)]
        return dict(type=kind, unk_token="[UNK]", continuing_subword_prefix=prefix, max_input_chars_per_word=rng.choice([100, 5, 1]), vocab=ids(base + words + parts))
    if kind == "Unigram":
        pieces = dict.fromkeys(base + words + ["▁", "▁the", "▁cat", "th", "at", "ca", "▁c"] + ([f"<0x{b:02X}>" for b in range(256)] if flip() else []))
        return dict(type=kind, unk_id=rng.choice([0, 0, 0, None]), vocab=[[p, -rng.randint(1, 60) / 4] for p in pieces], byte_fallback=flip())
    prefix, suffix = rng.choice([(None, None), (None, None), ("", ""), ("##", None), (None, "</w>")])
    fallback = rng.random() < 0.3
    letters = BYTES if flip() else base[3:]
    vocab = base + list(letters) + ([f"<0x{b:02X}>" for b in range(256)] if fallback else []) + [(prefix or "") + c for c in letters] + [c + (suffix or "") for c in letters]
    known, merges = list(dict.fromkeys(vocab))[3:], []
    for _ in range(rng.randint(0, 60)):
        first, second = rng.choice(["a", "b", "c", "t", "h", "e", "ab", "th", *known]), rng.choice(["b", "a", "t", "h", "e", "c", *known])
        if prefix: second = second if second.startswith(prefix) else prefix + second
        joined = first + second[len(prefix or ""):]
        if first in vocab and second in vocab and [first, second] not in merges and len(joined) < 12:
            merges.append([first, second])
            vocab.append(joined)
            known.append(joined)
    return dict(type="BPE", dropout=None, unk_token=rng.choice(["[UNK]", None, "[UNK]", "<none>"]), continuing_subword_prefix=prefix, end_of_word_suffix=suffix, fuse_unk=flip(),
                byte_fallback=fallback, ignore_merges=flip(), vocab=ids(vocab), merges=merges)


def post_processor(depth=0):
    piece = lambda: rng.choice([{"SpecialToken": {"id": t, "type_id": rng.randint(0, 2)}} for t in ("[CLS]", "[SEP]", "two")])
    text = lambda name: {"Sequence": {"id": name, "type_id": rng.randint(0, 1)}}
    special = {t: {"id": t, "ids": i, "tokens": ["[CLS]"] * len(i)} for t, i in (("[CLS]", [1]), ("[SEP]", [2]), ("two", [2, 1]))}
    about = lambda *texts: [part for t in texts for part in [*(piece() for _ in range(rng.randint(0, 2))), text(t)]] + [piece() for _ in range(rng.randint(0, 1))]
    return rng.choice([
        lambda: {"type": "TemplateProcessing", "single": about(*rng.choice([["A"], ["A"], ["A", "A"]])), "pair": about(*rng.choice([["A", "B"], ["A", "B"], ["B", "A"], ["A", "B", "A"]])), "special_tokens": special},
        lambda: {"type": "BertProcessing", "sep": ["[SEP]", 2], "cls": ["[CLS]", 1]},
        lambda: {"type": "RobertaProcessing", "sep": ["[SEP]", 2], "cls": ["[CLS]", 1], "trim_offsets": flip(), "add_prefix_space": flip()},
        lambda: {"type": "ByteLevel", "add_prefix_space": flip(), "trim_offsets": flip(), "use_regex": flip()}, lambda: None,
        *([] if depth else [lambda: {"type": "Sequence", "processors": [p for p in (post_processor(1) for _ in range(rng.randint(0, 2))) if p]}]),
    ])()


def added(size):
    contents = some(["[CLS]", "[SEP]", "[ENT]", "<x>", "<X>", "ab", "abc", "bc", "the", "É", "é", " cat", "  ", "naïve", "x", "你", "the cat", "<x><x>"], 0, 7)
    return [dict(id=size + at, content=c, single_word=rng.random() < 0.3, lstrip=rng.random() < 0.3, rstrip=rng.random() < 0.3, normalized=flip(), special=flip()) for at, c in enumerate(contents)]


files, pairs = [], 0
while pairs < 2000:
    m = model()
    form = dict(version="1.0", truncation=None, padding=None, added_tokens=added(len(m["vocab"])), normalizer=sequence("normalizer", "normalizers", normalizer),
                pre_tokenizer=sequence("pre_tokenizer", "pretokenizers", pre_tokenizer), post_processor=post_processor(), decoder=sequence("decoder", "decoders", decoder), model=m)
    values = []
    try:
        tokenizer = Tokenizer.from_str(json.dumps(form))
    except BaseException:
        values = "refused"
        tokenizer = None
    for _ in range(4):
        pairs += 1
        if tokenizer is None: continue
        text, pair = rng.choice(TEXTS), rng.choice([None, None, rng.choice(TEXTS)])
        try:
            e = tokenizer.encode(text, pair)
            try:
                decoded = tokenizer.decode(e.ids, skip_special_tokens=True) if e.ids else ""
            except BaseException:
                decoded = None
            values.append([text, pair, e.ids, e.type_ids, decoded])
        except BaseException as error:
            values.append([text, pair, "panic" if type(error).__name__ == "PanicException" else None, None, None])
    files.append(dict(form=form, values=values))
with gzip.GzipFile(sys.argv[1], "wb", mtime=0) as file:
    file.write(json.dumps(files, ensure_ascii=False, separators=(",", ":")).encode())
print(len(files), "files", sum(f["values"] == "refused" for f in files), "refused", sum(not isinstance(v[2], list) for f in files if f["values"] != "refused" for v in f["values"]), "failed")
