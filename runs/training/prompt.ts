/**
 * The prompt of a text: the token ids that a language model reads before its answer.
 * @module
 */
import type { Backbone } from "../../models/types.ts";

/** What stands between a text and its answer, for a decoder that reads both as one sequence. */
const SEPARATOR = "\n";

/** Token ids of a text in the form that training puts before its answer, at most `limit`. */
export function encodePrompt(backbone: Backbone, text: string, limit: number, chat?: true): readonly number[] {
  if (chat) return chatPrompt(backbone, text, limit);
  return backbone.encode(backbone.languageModel!.target ? text : text + SEPARATOR, limit);
}

/**
 * Token ids of a text in the model's chat template, at most `limit`. A long text is cut; the template around it stays
 * whole.
 * @throws {Error} if the model has no chat template, or if the template leaves no room for a text
 */
export function chatPrompt({ chat, tokenize, decode }: Backbone, text: string, limit: number): number[] {
  if (!chat || !tokenize || !decode) throw new Error("Cannot chat: the model must have a chat template, it has none");
  let ids = tokenize(chat(text));
  const tokens = tokenize(text);
  // Tokens may merge where a text is cut, so a cut text can still be too long: it is cut again until it fits.
  for (let kept = tokens.length; ids.length > limit; ids = tokenize(chat(decode(tokens.slice(0, kept))))) {
    if (kept === 0) {
      throw new Error(
        `Cannot chat: the chat template must leave room for a text within ${limit} tokens, it takes ${ids.length}`,
      );
    }
    kept = Math.max(0, kept - (ids.length - limit));
  }
  return ids;
}
