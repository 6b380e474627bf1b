/**
 * Byte-pair vocabularies (Sennrich et al., 2016, https://arxiv.org/abs/1508.07909) on bytes, as RoBERTa, GPT-2 and Qwen2 store them:
 * vocab.json with pieces and their ids, and merges.txt with pairs of pieces in the order in which they are joined.
 * @module
 */
import { shorten } from "../../base/errors.ts";
import { readObject, readText } from "../../base/files.ts";
import { specialText } from "./added-tokens.ts";
import { requiredId, template, type TokenizerClass } from "./template.ts";
import type { TokenizerJson } from "./tokenizer-json.ts";

/** Bytes of the longest file of a vocabulary that is read. */
const LONGEST = 1 << 26;

/** The token that ends texts in GPT-2. */
const TEXT_END = "<|endoftext|>";
/** The regular expression by which Qwen2 splits texts into words, from its tokenizer.json. */
const QWEN2_WORDS =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|" +
  "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/** The pairs of merges.txt. @throws {Error} if a line is no pair, or if its pieces or the joined piece have no id */
async function readMerges(path: string, vocab: Record<string, unknown>): Promise<[string, string][]> {
  const lines = (await readText(path, LONGEST)).split(/\r?\n/);
  return lines.filter((line) => line !== "" && !line.startsWith("#version")).map((line) => {
    const [first, second, ...rest] = line.split(" ");
    if (rest.length === 0 && [first, second, first + second].every((piece) => Object.hasOwn(vocab, piece))) {
      return [first, second];
    }
    throw new Error(
      `Cannot read ${path}: a line must have two pieces of vocab.json that join to a third, ` +
        `current value is ${shorten(line, 80)}`,
    );
  });
}

/** The parts that the classes have in common, and how texts are split. @param form whose vocabulary they take */
function byteLevel(form: TokenizerJson, settings: Record<string, unknown>, regex: boolean): TokenizerJson {
  const { vocab, merges = [] } = Object(form.model);
  const add_prefix_space = settings.add_prefix_space === true;
  return {
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space, trim_offsets: true, use_regex: regex },
    post_processor: form.post_processor,
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: { type: "BPE", continuing_subword_prefix: "", end_of_word_suffix: "", fuse_unk: false, vocab, merges },
  };
}

const ofRoberta = {
  bos_token: "<s>",
  eos_token: "</s>",
  unk_token: "<unk>",
  sep_token: "</s>",
  pad_token: "<pad>",
  cls_token: "<s>",
  mask_token: "<mask>",
} as const;

/** RobertaTokenizer. Its settings: `add_prefix_space`, special tokens. */
export const robertaClass: TokenizerClass = {
  model: "BPE",
  defaults: ofRoberta,
  parts(form, settings, ids) {
    const [cls, sep] = (["cls_token", "sep_token"] as const).map((name) => {
      const text = specialText(settings, name, ofRoberta[name]);
      return [text, requiredId(ids, text)];
    });
    return {
      ...byteLevel(form, settings, true),
      post_processor: { type: "RobertaProcessing", sep, cls, trim_offsets: true, add_prefix_space: false },
    };
  },
};

/** GPT2Tokenizer. Its settings: `add_prefix_space`, special tokens. */
export const gpt2Class: TokenizerClass = {
  model: "BPE",
  defaults: { unk_token: TEXT_END, bos_token: TEXT_END, eos_token: TEXT_END },
  parts: (form, settings) => byteLevel(form, settings, true),
};

/** Qwen2Tokenizer. Its settings: `add_prefix_space`, special tokens. */
export const qwen2Class: TokenizerClass = {
  model: "BPE",
  defaults: { unk_token: TEXT_END, eos_token: TEXT_END, pad_token: TEXT_END },
  parts(form, settings) {
    const { pre_tokenizer: bytes, ...parts } = byteLevel(form, settings, false);
    const words = { type: "Split", pattern: { Regex: QWEN2_WORDS }, behavior: "Isolated", invert: false };
    return {
      ...parts,
      normalizer: { type: "NFC" },
      pre_tokenizer: { type: "Sequence", pretokenizers: [words, bytes] },
    };
  },
};

/**
 * The vocabulary in vocab.json and merges.txt.
 * @param settings of tokenizer_config.json: `add_bos_token`, for GPT-2
 * @throws {Error} if the two files disagree
 */
export async function readBytePairs(folder: string, settings: Record<string, unknown>): Promise<TokenizerJson> {
  const vocab = await readObject(`${folder}/vocab.json`, LONGEST);
  const around = settings.add_bos_token === true && Object.hasOwn(vocab, TEXT_END);
  return {
    post_processor: around
      ? template(`${TEXT_END} $A`, `${TEXT_END} $A ${TEXT_END}:1 $B:1`, { [TEXT_END]: vocab[TEXT_END] })
      : null,
    model: { type: "BPE", vocab, merges: await readMerges(`${folder}/merges.txt`, vocab) },
  };
}

/** The class of a vocabulary whose settings name none: GPT-2's has the token that ends texts. */
export function bytePairClass(form: TokenizerJson): string {
  return Object.hasOwn(Object(Object(form.model).vocab), TEXT_END) ? "GPT2Tokenizer" : "RobertaTokenizer";
}
