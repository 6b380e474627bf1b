/**
 * WordPiece vocabularies (Wu et al., 2016, https://arxiv.org/abs/1609.08144) as BERT stores them: vocab.txt, a piece a
 * line.
 * @module
 */
import { readText } from "./read-text.ts";
import { addedToken, template } from "./template.ts";

const SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

/**
 * The tokenizer.json that transformers makes of a vocab.txt.
 * @param settings of tokenizer_config.json: `do_lower_case`, `strip_accents`, `tokenize_chinese_chars`
 * @throws {Error} if [UNK], [CLS] or [SEP] is not in it
 */
export async function readWordPiece(folder: string, settings: Record<string, unknown>): Promise<object> {
  const path = `${folder}/vocab.txt`;
  const pieces = (await readText(path)).replace(/\r?\n$/, "").split(/\r?\n/);
  const vocab = Object.fromEntries(pieces.map((piece, id) => [piece, id]));
  for (const piece of ["[UNK]", "[CLS]", "[SEP]"]) {
    if (!Object.hasOwn(vocab, piece)) throw new Error(`Cannot read ${path}: it must have the piece ${piece}`);
  }
  return {
    version: "1.0",
    added_tokens: SPECIAL.filter((piece) => Object.hasOwn(vocab, piece)).map((piece) =>
      addedToken(piece, vocab[piece])
    ),
    normalizer: {
      type: "BertNormalizer",
      clean_text: true,
      handle_chinese_chars: settings.tokenize_chinese_chars ?? true,
      strip_accents: settings.strip_accents ?? null,
      lowercase: settings.do_lower_case ?? true,
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: template("[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", {
      "[CLS]": vocab["[CLS]"],
      "[SEP]": vocab["[SEP]"],
    }),
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
    model: {
      type: "WordPiece",
      unk_token: "[UNK]",
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab,
    },
  };
}
