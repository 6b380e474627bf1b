/**
 * Byte-pair vocabularies (Sennrich et al., 2016, https://arxiv.org/abs/1508.07909) on bytes, as RoBERTa stores them:
 * vocab.json, pieces and their ids, and merges.txt, pairs of pieces to be joined, the first to be joined first.
 * @module
 */
import { readObject } from "./config.ts";

/** Bytes of the longest vocab.json that is read. */
const LONGEST = 1 << 26;
const [START, PADDING, END, UNKNOWN, MASK] = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"];

/** The pairs of merges.txt. @throws {Error} if one is no pair, or if its pieces or what they join to have no id */
async function readMerges(path: string, vocab: Record<string, unknown>): Promise<[string, string][]> {
  const lines = (await Deno.readTextFile(path)).split(/\r?\n/);
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

/**
 * The tokenizer.json that transformers makes of RoBERTa's vocab.json and merges.txt.
 * @param settings of tokenizer_config.json: `add_prefix_space`, `mask_token`
 * @throws {Error} if a special token is not in the vocabulary, or if the two files disagree
 */
export async function readBytePairs(folder: string, settings: Record<string, unknown>): Promise<object> {
  const path = `${folder}/vocab.json`;
  const vocab = await readObject(path, LONGEST);
  const names = [START, PADDING, END, UNKNOWN, MASK];
  for (const name of names) {
    if (!Object.hasOwn(vocab, name)) throw new Error(`Cannot read ${path}: it must have the piece ${name}`);
  }
  const { lstrip } = Object(settings.mask_token);
  const special = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
  const text = (id: string) => ({ Sequence: { id, type_id: 0 } });
  const single = [special(START), text("A"), special(END)];
  return {
    version: "1.0",
    added_tokens: names.map((content) => ({
      id: vocab[content],
      content,
      single_word: false,
      lstrip: content === MASK && lstrip === true,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: settings.add_prefix_space ?? false, use_regex: true },
    post_processor: {
      type: "TemplateProcessing",
      single,
      pair: [...single, special(END), text("B"), special(END)],
    },
    decoder: { type: "ByteLevel" },
    model: { type: "BPE", vocab, merges: await readMerges(`${folder}/merges.txt`, vocab) },
  };
}
