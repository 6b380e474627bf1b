/**
 * Byte-level BPE (Sennrich et al., 2016; Radford et al., 2019) of a GGUF file in the form of tokenizer.json.
 * @module
 */
import { shorten } from "../../base/errors.ts";
import { CONTROL, type GgufVocabulary, type TokenizerForm, USER_DEFINED } from "./vocabulary.ts";

/** Rules that split texts into words: what a value of `tokenizer.ggml.pre` stands for. */
interface Splitting {
  splits: object[];
  normalizer?: object;
  /** A word that is a token stays one token, whatever the merges say. */
  wholeWords?: true;
  /** Texts begin with the token for that unless the metadata say otherwise. */
  startsTexts?: true;
}

function split(...patterns: string[]): object[] {
  return patterns.map((Regex) => ({ type: "Split", pattern: { Regex }, behavior: "Isolated", invert: false }));
}

/** Bytes as characters. @param regex whether texts are split by GPT-2's regular expression first */
function byteLevel(regex: boolean): object {
  return { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: regex };
}

/** The regular expression of Llama 3 and Qwen2, which differ in how many digits they take as one word. */
function wordPattern(digits: string): string {
  return "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" + digits +
    "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
}

const splittings: Record<string, Splitting> = {
  // llama.cpp's rules for files that name no others.
  default: {
    splits: [
      ...split(
        "[\\p{P}\\$\\+<=>\\^~\\|]+",
        "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)",
        "\\p{N}+",
        "[0-9][0-9][0-9]",
      ),
      byteLevel(false),
    ],
  },
  "gpt-2": { splits: [byteLevel(true)] },
  "llama-bpe": {
    splits: [...split(wordPattern("\\p{N}{1,3}")), byteLevel(false)],
    wholeWords: true,
    startsTexts: true,
  },
  qwen2: { splits: [...split(wordPattern("\\p{N}")), byteLevel(false)], normalizer: { type: "NFC" } },
  smollm: { splits: [...split("\\p{N}"), byteLevel(true)] },
};

/**
 * The tokenizer of a vocabulary with merges.
 * @throws {Error} one sentence, if the way to split texts is unknown, or if the merges are missing or damaged
 */
export function byteLevelForm({ path, tokens, merges, pre }: GgufVocabulary): TokenizerForm {
  if (!Object.hasOwn(splittings, pre)) {
    throw new Error(
      `Cannot use ${path}: tokenizer.ggml.pre must be one of ${Object.keys(splittings).join(", ")}, ` +
        `current value is ${shorten(pre)}`,
    );
  }
  if (!merges) throw new Error(`Cannot use ${path}: its tokenizer must have tokenizer.ggml.merges`);
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const pairs = merges.map((merge) => {
    const pair = merge.split(" ");
    if (pair.length === 2 && [...pair, pair.join("")].every((piece) => ids.has(piece))) return pair;
    throw new Error(
      `Cannot use ${path}: a merge must have two tokens that join to a third, current value is ${shorten(merge)}`,
    );
  });
  const { splits, normalizer = null, wholeWords = false, startsTexts = false } = splittings[pre];
  return {
    json: {
      normalizer,
      pre_tokenizer: { type: "Sequence", pretokenizers: splits },
      decoder: byteLevel(true),
      model: { type: "BPE", vocab: Object.fromEntries(ids), merges: pairs, ignore_merges: wholeWords },
    },
    added: [CONTROL, USER_DEFINED],
    startsTexts,
  };
}
