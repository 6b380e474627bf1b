/**
 * SentencePiece's BPE (Kudo and Richardson, 2018, https://arxiv.org/abs/1808.06226) of a GGUF file in the form of
 * tokenizer.json.
 * @module
 */
import { findMerges } from "../tokenizers/merges.ts";
import { CONTROL, type GgufVocabulary, NORMAL, type TokenizerForm, UNKNOWN, USER_DEFINED } from "./vocabulary.ts";

/** SentencePiece's sign for a space. */
const SPACE = "▁";

function replace(from: string, to: string): object {
  return { type: "Replace", pattern: { String: from }, content: to };
}

/**
 * The tokenizer of a vocabulary with scores.
 * @throws {Error} one sentence, if scores or types are missing, or if the vocabulary is too large
 */
export function sentencePieceForm(vocabulary: GgufVocabulary): TokenizerForm {
  const { path, tokens, types, scores, spaceFirst } = vocabulary;
  if (!types || !scores) {
    throw new Error(
      `Cannot use ${path}: its tokenizer must have tokenizer.ggml.scores and tokenizer.ggml.token_type`,
    );
  }
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const normal = tokens.map((text, id) => ({ text, score: scores[id], id })).filter(({ text, id }) =>
    types[id] === NORMAL && ids.get(text) === id
  );
  const merges = findMerges(path, normal, new Map(normal.map(({ text, id }) => [text, id])));
  const unknown = types.indexOf(UNKNOWN);
  return {
    json: {
      normalizer: {
        type: "Sequence",
        normalizers: [...spaceFirst ? [{ type: "Prepend", prepend: SPACE }] : [], replace(" ", SPACE)],
      },
      pre_tokenizer: null,
      decoder: {
        type: "Sequence",
        decoders: [
          replace(SPACE, " "),
          { type: "ByteFallback" },
          { type: "Fuse" },
          ...spaceFirst ? [{ type: "Strip", content: " ", start: 1, stop: 0 }] : [],
        ],
      },
      model: {
        type: "BPE",
        vocab: Object.fromEntries(ids),
        merges,
        unk_token: unknown < 0 ? null : tokens[unknown],
        byte_fallback: true,
        fuse_unk: true,
      },
    },
    added: [UNKNOWN, CONTROL, USER_DEFINED],
    startsTexts: true,
  };
}
