/**
 * Texts of records in the Markdown of an export.
 * @module
 */
import { plain } from "../citation/plain-text.ts";

/** A text as one line in which no character has a meaning in Markdown or HTML. */
export function escapeText(text: string): string {
  return plain(text).replace(
    /[<>|\\`*[\]~$#!]|&(?=#?\w+;)|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu,
    (character) => `&#${character.codePointAt(0)};`,
  );
}

/** Distinct texts, sorted and safe, joined by commas or another separator; "not known" if there are none. */
export function listTexts(texts: Iterable<string>, separator = ", "): string {
  return [...new Set(texts)].sort().map(escapeText).join(separator) || "not known";
}
