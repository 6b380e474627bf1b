/**
 * WordPiece (Wu et al., 2016, https://arxiv.org/abs/1609.08144) as BERT has it.
 * @module
 */
import { specialText } from "./added-tokens.ts";
import { readText } from "../../base/files.ts";
import { requiredId, template, type TokenizerClass } from "./template.ts";
import type { TokenizerJson } from "./tokenizer-json.ts";

/** Bytes of the longest file of a vocabulary that is read. */
const LONGEST = 1 << 26;

const defaults = {
  unk_token: "[UNK]",
  sep_token: "[SEP]",
  pad_token: "[PAD]",
  cls_token: "[CLS]",
  mask_token: "[MASK]",
} as const;

/** BertTokenizer. Its settings: `do_lower_case`, `strip_accents`, `tokenize_chinese_chars`, special tokens. */
export const bertClass: TokenizerClass = {
  model: "WordPiece",
  defaults,
  parts(form, settings, ids) {
    const [cls, sep, unknown] = (["cls_token", "sep_token", "unk_token"] as const)
      .map((name) => specialText(settings, name, defaults[name]));
    return {
      normalizer: {
        type: "BertNormalizer",
        clean_text: true,
        handle_chinese_chars: settings.tokenize_chinese_chars ?? true,
        strip_accents: settings.strip_accents ?? null,
        lowercase: settings.do_lower_case ?? true,
      },
      pre_tokenizer: { type: "BertPreTokenizer" },
      post_processor: template(`${cls} $A ${sep}`, `${cls} $A ${sep} $B:1 ${sep}:1`, {
        [cls]: requiredId(ids, cls),
        [sep]: requiredId(ids, sep),
      }),
      decoder: { type: "WordPiece", prefix: "##", cleanup: true },
      model: {
        type: "WordPiece",
        unk_token: unknown,
        continuing_subword_prefix: "##",
        max_input_chars_per_word: 100,
        vocab: Object(form.model).vocab,
      },
    };
  },
};

/** The vocabulary in a vocab.txt, a piece a line. */
export async function readWordPiece(folder: string): Promise<TokenizerJson> {
  const pieces = (await readText(`${folder}/vocab.txt`, LONGEST)).replace(/\r?\n$/, "").split(/\r?\n/);
  return { model: { type: "WordPiece", vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])) } };
}
