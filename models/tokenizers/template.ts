/**
 * Parts of a tokenizer.json that concern special tokens, and what a class of tokenizers makes of one.
 * @module
 */
import type { TokenizerJson } from "./tokenizer-json.ts";

/** A class of transformers that makes a tokenizer of its own from a vocabulary. */
export interface TokenizerClass {
  /** The type of its model. */
  model: "BPE" | "Unigram" | "WordPiece";
  /** Special tokens where the settings name none, by the settings' names. */
  defaults: Readonly<Record<string, string>>;
  /** Further special tokens. @throws {Error} the end of a sentence, if a setting is out of range */
  extra?(settings: Record<string, unknown>): string[];
  /**
   * The parts of its tokenizer.json, added tokens excepted.
   * @param form of which it takes the vocabulary, and what it does not make itself
   * @param ids of pieces and added tokens
   * @throws {Error} the end of a sentence, if a token that it needs has no id
   */
  parts(form: TokenizerJson, settings: Record<string, unknown>, ids: ReadonlyMap<string, number>): TokenizerJson;
}

/** The id of a token that a class needs. @throws {Error} the end of a sentence, if it has none */
export function requiredId(ids: ReadonlyMap<string, number>, token: string): number {
  const id = ids.get(token);
  if (id === undefined) throw new Error(`it must have the piece ${token}`);
  return id;
}

/**
 * A template for one text and one for two, in the form of tokenizer.json.
 * @param single parts with spaces between, "[CLS] $A [SEP]"
 * @param pair the same with "$B"; a part of the second segment ends with ":1"
 * @param ids of the special tokens
 */
export function template(single: string, pair: string, ids: Readonly<Record<string, unknown>>): object {
  const parts = (text: string) =>
    text.split(" ").map((part) => {
      const [, id, type = "0"] = /^(.+?)(?::(\d))?$/.exec(part)!;
      const place = (id: string) => ({ id, type_id: Number(type) });
      return id.startsWith("$") ? { Sequence: place(id.slice(1)) } : { SpecialToken: place(id) };
    });
  const special_tokens = Object.fromEntries(
    Object.entries(ids).map(([token, id]) => [token, { id: token, ids: [id], tokens: [token] }]),
  );
  return { type: "TemplateProcessing", single: parts(single), pair: parts(pair), special_tokens };
}

/** An entry of `added_tokens` in tokenizer.json: a token that is found in texts before anything else. */
export function addedToken(content: string, id: unknown, flags: { lstrip?: boolean; special?: boolean } = {}): object {
  return { id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true, ...flags };
}
