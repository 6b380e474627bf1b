/**
 * Byte-pair vocabularies (Sennrich et al., 2016, https://arxiv.org/abs/1508.07909) on bytes, as RoBERTa, GPT-2 and Qwen2 store them:
 * vocab.json with pieces and their ids, and merges.txt with pairs of pieces in the order in which they are joined.
 * @module
 */
import { readObject } from "../../base/files.ts";
import { LONGEST, readText } from "./read-text.ts";
import { addedToken, template } from "./template.ts";

const [START, PADDING, END, UNKNOWN, MASK] = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"];
/** The token that ends texts in GPT-2. */
const TEXT_END = "<|endoftext|>";
/** The regular expression by which Qwen2 splits texts into words, from its tokenizer.json. */
const QWEN2_WORDS =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|" +
  "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/** The pairs of merges.txt. @throws {Error} if a line is no pair, or if its pieces or the joined piece have no id */
async function readMerges(path: string, vocab: Record<string, unknown>): Promise<[string, string][]> {
  const lines = (await readText(path)).split(/\r?\n/);
  return lines.filter((line) => line !== "" && !line.startsWith("#version")).map((line) => {
    const [first, second, ...rest] = line.split(" ");
    if (rest.length === 0 && [first, second, first + second].every((piece) => Object.hasOwn(vocab, piece))) {
      return [first, second];
    }
    throw new Error(
      `Cannot read ${path}: a line must have two pieces of vocab.json that join to a third, ` +
        `current value is ${line.slice(0, 80)}`,
    );
  });
}

/** The parts of tokenizer.json that differ between models: how texts are split, and the special tokens around them. */
type Customs = Pick<Record<string, unknown>, "added_tokens" | "normalizer" | "pre_tokenizer" | "post_processor">;

/** Splits texts at spaces and signs as GPT-2 does. */
function byteLevel(settings: Record<string, unknown>): object {
  return {
    type: "ByteLevel",
    add_prefix_space: settings.add_prefix_space ?? false,
    trim_offsets: true,
    use_regex: true,
  };
}

/** @param settings of tokenizer_config.json: `add_prefix_space`, `mask_token` */
function customsOfRoberta(vocab: Record<string, unknown>, settings: Record<string, unknown>): Customs {
  const { lstrip } = Object(settings.mask_token);
  return {
    added_tokens: [START, PADDING, END, UNKNOWN, MASK].map((content) =>
      addedToken(content, vocab[content], { lstrip: content === MASK && lstrip === true })
    ),
    normalizer: null,
    pre_tokenizer: byteLevel(settings),
    post_processor: template(`${START} $A ${END}`, `${START} $A ${END} ${END} $B ${END}`, {
      [START]: vocab[START],
      [END]: vocab[END],
    }),
  };
}

/** @param settings of tokenizer_config.json: `add_prefix_space`, `add_bos_token` */
function customsOfGpt2(vocab: Record<string, unknown>, settings: Record<string, unknown>): Customs {
  const around = settings.add_bos_token === true;
  return {
    added_tokens: [addedToken(TEXT_END, vocab[TEXT_END])],
    normalizer: null,
    pre_tokenizer: byteLevel(settings),
    post_processor: around
      ? template(`${TEXT_END} $A`, `${TEXT_END} $A ${TEXT_END}:1 $B:1`, { [TEXT_END]: vocab[TEXT_END] })
      : { type: "ByteLevel", trim_offsets: false },
  };
}

/** @param settings of tokenizer_config.json: `added_tokens_decoder`, whose tokens are not in the vocabulary */
function customsOfQwen2(settings: Record<string, unknown>): Customs {
  const added = Object.entries(Object(settings.added_tokens_decoder)).map(([id, token]) => {
    const { content, special } = Object(token);
    return addedToken(String(content), Number(id), { special: special !== false });
  });
  return {
    added_tokens: added,
    normalizer: { type: "NFC" },
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: QWEN2_WORDS }, behavior: "Isolated", invert: false },
        {
          type: "ByteLevel",
          add_prefix_space: settings.add_prefix_space ?? false,
          trim_offsets: true,
          use_regex: false,
        },
      ],
    },
    post_processor: { type: "ByteLevel", trim_offsets: false },
  };
}

/**
 * The tokenizer.json that transformers makes of the vocab.json and merges.txt of RoBERTa, GPT-2 (which has one special
 * token) or Qwen2 (whose special tokens are in the settings).
 * @param settings of tokenizer_config.json
 * @throws {Error} if a special token is not in the vocabulary, or if the two files disagree
 */
export async function readBytePairs(folder: string, settings: Record<string, unknown>): Promise<object> {
  const path = `${folder}/vocab.json`;
  const vocab = await readObject(path, LONGEST);
  const customs = () => {
    if (Object.hasOwn(vocab, TEXT_END)) return customsOfGpt2(vocab, settings);
    if (String(settings.tokenizer_class).startsWith("Qwen2")) return customsOfQwen2(settings);
    for (const name of [START, PADDING, END, UNKNOWN, MASK]) {
      if (!Object.hasOwn(vocab, name)) throw new Error(`Cannot read ${path}: it must have the piece ${name}`);
    }
    return customsOfRoberta(vocab, settings);
  };
  return {
    version: "1.0",
    ...customs(),
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: { type: "BPE", vocab, merges: await readMerges(`${folder}/merges.txt`, vocab) },
  };
}
