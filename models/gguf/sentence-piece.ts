/**
 * SentencePiece's BPE (Kudo and Richardson, 2018, https://arxiv.org/abs/1808.06226) of a GGUF file in the form of
 * tokenizer.json.
 * @module
 */
import { shorten } from "../../base/errors.ts";
import { CONTROL, type GgufVocabulary, NORMAL, type TokenizerForm, UNKNOWN, USER_DEFINED } from "./vocabulary.ts";

/** Characters of the longest token. The merges are found by trying all splits of each token. */
const LONGEST_PIECE = 64;
/** Most tokens. */
const MOST_PIECES = 1 << 18;
/** Most merges. */
const MOST_MERGES = 1 << 20;
/** SentencePiece's sign for a space. */
const SPACE = "▁";

/** A vocabulary with the types and scores that SentencePiece needs. */
type Pieces = GgufVocabulary & Required<Pick<GgufVocabulary, "types" | "scores">>;

/**
 * The merges of a vocabulary. SentencePiece joins the pair that makes the token of the highest score. So every way to make a
 * token of two others is a merge, in the order of scores, as transformers converts it.
 */
function findMerges({ path, tokens, types, scores }: Pieces, ids: ReadonlyMap<string, number>): [string, string][] {
  const isPiece = (piece: string) => types[ids.get(piece) ?? -1] === NORMAL;
  const merges: { pair: [string, string]; score: number }[] = [];
  for (const [id, token] of tokens.entries()) {
    if (types[id] !== NORMAL || ids.get(token) !== id) continue;
    if (token.length > LONGEST_PIECE) {
      throw new Error(
        `Cannot use ${path}: a token must have at most ${LONGEST_PIECE} characters, one is ${shorten(token)}`,
      );
    }
    for (let at = 1; at < token.length; at++) {
      const pair: [string, string] = [token.slice(0, at), token.slice(at)];
      if (pair.every(isPiece)) merges.push({ pair, score: scores[id] });
    }
    if (merges.length > MOST_MERGES) {
      throw new Error(`Cannot use ${path}: its tokens must be made of at most ${MOST_MERGES} pairs, there are more`);
    }
  }
  // Sorting is stable: the merges of one token keep their order.
  return merges.toSorted((a, b) => b.score - a.score).map(({ pair }) => pair);
}

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
  if (tokens.length > MOST_PIECES) {
    throw new Error(
      `Cannot use ${path}: it must have at most ${MOST_PIECES} tokens, current value is ${tokens.length}`,
    );
  }
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const merges = findMerges({ ...vocabulary, types, scores }, ids);
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
