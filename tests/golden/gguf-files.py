"""GGUF files, and what the packages that define them make of them: python gguf-files.py A OUT

A is the folder of the golden models. Writes into OUT
  types.gguf, types.safetensors      blocks of random bytes of each type that is read, and their values by gguf
  llama.gguf, qwen2.gguf             the golden models in float32, llama's with q and k as llama.cpp's converter stores them
  llama-q8_0.gguf, .safetensors      the same llama with its matrices in Q8_0, and the values of some by gguf
  byte-level.gguf, byte-level.json   a byte-level vocabulary, and ids by tokenizers for each way to split texts into words
  pieces.gguf, pieces.json           a vocabulary of SentencePiece, and ids by sentencepiece
gguf 0.19.0, tokenizers 0.23.3, sentencepiece 0.2.3, safetensors 0.8.0.
"""
import io, json, os, sys
import numpy as np
import gguf
import sentencepiece
from gguf import GGMLQuantizationType as T
from safetensors.numpy import load_file, save_file
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

A, OUT = sys.argv[1:]
os.makedirs(OUT, exist_ok=True)
random = np.random.default_rng(6)


def finish(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


# Types. Half-precision scales are finite, negative and tiny ones among them; everything else is any byte.
SCALES = {T.Q4_0: [0], T.Q4_1: [0, 2], T.Q5_0: [0], T.Q5_1: [0, 2], T.Q8_0: [0], T.Q4_K: [0, 2], T.Q5_K: [0, 2], T.Q6_K: [208]}
writer, values = gguf.GGUFWriter(f"{OUT}/types.gguf", "llama"), {}
for kind in (T.F32, T.F16, T.BF16, *SCALES):
    size, width = gguf.GGML_QUANT_SIZES[kind]
    if kind in SCALES:
        blocks = random.integers(0, 256, (4, 512 // size, width), dtype=np.uint8)
        for at in SCALES[kind]:
            scales = random.normal(size=blocks.shape[:2]) * 10.0 ** random.integers(-7, 2, blocks.shape[:2])
            blocks[:, :, at:at + 2] = scales.astype("<f2")[..., None].view(np.uint8)
        blocks = blocks.reshape(4, -1)
    else:
        plain = random.normal(size=(4, 64)).astype(np.float32)
        blocks = plain if kind == T.F32 else gguf.quants.quantize(plain, kind)
    values[kind.name] = gguf.quants.dequantize(blocks, kind).astype(np.float32).reshape(4, -1)
    writer.add_tensor(kind.name, blocks, raw_dtype=kind)
finish(writer)
save_file(values, f"{OUT}/types.safetensors")

# Models, as llama.cpp's converter writes them.
PARTS = {"input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
         "self_attn.o_proj": "attn_output", "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate",
         "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}
OTHERS = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight", "lm_head.weight": "output.weight"}


def permute(weight, heads):
    return weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


def unpermute(weight, heads):
    return weight.reshape(heads, weight.shape[0] // heads // 2, 2, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


def model(arch, name, quantised):
    config = json.load(open(f"{A}/{arch}/model/config.json"))
    writer, values = gguf.GGUFWriter(f"{OUT}/{name}.gguf", arch), {}
    writer.add_name("tiny")
    writer.add_license("apache-2.0")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_vocab_size(config["vocab_size"])
    writer.add_bos_token_id(config["bos_token_id"])
    writer.add_eos_token_id(config["eos_token_id"])
    writer.add_pad_token_id(config["pad_token_id"])
    for key, weight in load_file(f"{A}/{arch}/model/model.safetensors").items():
        if key in OTHERS:
            own = OTHERS[key]
        else:
            _, _, layer, part = key.split(".", 3)
            part, kind = part.rsplit(".", 1)
            own = f"blk.{layer}.{PARTS[part]}.{kind}"
        heads = {"attn_q": config["num_attention_heads"], "attn_k": config["num_key_value_heads"]}.get(own.split(".")[-2], 0) if arch == "llama" else 0
        stored = permute(weight, heads) if heads else weight
        if quantised and weight.ndim == 2:
            blocks = gguf.quants.quantize(stored, T.Q8_0)
            writer.add_tensor(own, blocks, raw_dtype=T.Q8_0)
            read = gguf.quants.dequantize(blocks, T.Q8_0)
            values[key] = np.ascontiguousarray(unpermute(read, heads) if heads else read)
        else:
            writer.add_tensor(own, np.ascontiguousarray(stored))
            values[key] = weight
    finish(writer)
    return values


model("llama", "llama", False)
model("qwen2", "qwen2", False)
layer = {key: weight for key, weight in model("llama", "llama-q8_0", True).items() if ".1.self_attn." in key}
save_file(layer, f"{OUT}/llama-q8_0.safetensors")

# Tokenizers.
TEXTS = [
    "The cat sat on the mat.", "Hello, world!", " hello  world ", "", " ", "   ", "\n", " \n\n x", "tabs\t\tand   spaces   ", "line one\nline two\r\n\r\nline three",
    "unhappy dogs running, jumping; barking", "zebra a zebra", "New York 2024", "3.14159 1,000,000 1e-5 12345678", "½ ² ① Ⅷ ٣٤٥ १२३ 三四",
    "café naïve Über straße", "CAFE\u0301 cafe\u0301", "你好 中国 日本", "日本語のテキスト", "тест привет мир", "مرحبا بالعالم", "नमस्ते दुनिया",
    "😀 😀cat", "👩‍👩‍👧 family 🇩🇪", "don't I'm we've they'll he'd it's you're", "DON'T I'M WE'VE", "don\u2019t", "@me #cat $20 100% a&b <=> ~|^`",
    "http://example.org/a?b=c&d=%20", "snake_case camelCase", "def f(x):\n    return x + 1", "...!!!???", "\u00a0cat\u00a0dog", "\u3000the\u2003cat",
    "the quick brown fox jumps over the lazy dog " * 4, "aaaaaaaaaaa", "x" * 300, "Ġthe Ċ ▁the", "<0x41> <0x0A>", "ﬁ ﬂ ŀ ǆ", "end ",
]
SPECIAL = ["<|start|>the cat<|end|>", "<|end|>", "a <tool>cat</tool> b", "< |end|>"]
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)"
MODERN = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def split(*patterns):
    return [pre_tokenizers.Split(Regex(pattern), "isolated") for pattern in patterns]


plain, bytes_only = (pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=regex) for regex in (True, False))
SPLITTINGS = {
    "default": [*split(r"[\p{P}\$\+<=>\^~\|]+", GPT2, r"\p{N}+", r"[0-9][0-9][0-9]"), bytes_only],
    "gpt-2": [plain],
    "llama-bpe": [*split(MODERN % r"\p{N}{1,3}"), bytes_only],
    "qwen2": [*split(MODERN % r"\p{N}"), bytes_only],
    "smollm": [pre_tokenizers.Digits(individual_digits=True), plain],
}
ADDED = [("<|start|>", True), ("<|end|>", True), ("<tool>", False)]
learner = Tokenizer(models.BPE())
learner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
learner.train_from_iterator(TEXTS * 3, trainers.BpeTrainer(vocab_size=420, special_tokens=[name for name, _ in ADDED],
                                                           initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False))
form = json.loads(learner.to_str())["model"]
# A word that no merges lead to.
vocab = {**form["vocab"], "Ġzebra": len(form["vocab"])}
merges = [tuple(pair) for pair in form["merges"]]
tokens = sorted(vocab, key=vocab.get)
special = dict(ADDED)
writer = gguf.GGUFWriter(f"{OUT}/byte-level.gguf", "llama")
writer.add_tokenizer_model("gpt2")
writer.add_tokenizer_pre("default")
writer.add_token_list(tokens)
writer.add_token_types([{True: 3, False: 4}[special[token]] if token in special else 1 for token in tokens])
writer.add_token_merges([" ".join(pair) for pair in merges])
writer.add_bos_token_id(0)
writer.add_eos_token_id(1)
writer.add_chat_template("{{ messages }}")
finish(writer)
values = {}
for name, parts in SPLITTINGS.items():
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges, ignore_merges=name == "llama-bpe"))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(parts)
    if name == "qwen2":
        tokenizer.normalizer = normalizers.NFC()
    if name == "llama-bpe":
        tokenizer.post_processor = processors.TemplateProcessing(single="<|start|> $A", pair="<|start|> $A <|start|>:1 $B:1", special_tokens=[("<|start|>", 0)])
    tokenizer.add_tokens([AddedToken(token, special=is_special, normalized=False) for token, is_special in ADDED])
    values[name] = [dict(text=text, ids=tokenizer.encode(text).ids) for text in TEXTS + SPECIAL]
json.dump(values, open(f"{OUT}/byte-level.json", "w"), separators=(",", ":"))

model_bytes = io.BytesIO()
sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(text for text in TEXTS * 3 if text.strip()), model_writer=model_bytes, model_type="bpe",
                                         vocab_size=560, byte_fallback=True, normalization_rule_name="identity", remove_extra_whitespaces=False,
                                         split_digits=True, allow_whitespace_only_pieces=True, character_coverage=0.98, minloglevel=2)
pieces = sentencepiece.SentencePieceProcessor(model_proto=model_bytes.getvalue())
count = range(pieces.vocab_size())
writer = gguf.GGUFWriter(f"{OUT}/pieces.gguf", "llama")
writer.add_tokenizer_model("llama")
writer.add_tokenizer_pre("default")
writer.add_token_list([pieces.id_to_piece(i) for i in count])
writer.add_token_scores([pieces.get_score(i) for i in count])
writer.add_token_types([2 if pieces.is_unknown(i) else 3 if pieces.is_control(i) else 6 if pieces.is_byte(i) else 1 for i in count])
writer.add_bos_token_id(pieces.bos_id())
writer.add_eos_token_id(pieces.eos_id())
writer.add_unk_token_id(pieces.unk_id())
finish(writer)
json.dump([dict(text=text, ids=[pieces.bos_id(), *pieces.encode(text)], decoded=pieces.decode(pieces.encode(text))) for text in TEXTS],
          open(f"{OUT}/pieces.json", "w"), separators=(",", ":"))
