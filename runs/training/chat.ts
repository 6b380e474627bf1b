/**
 * Texts as messages to a model that chats.
 * @module
 */
import type { Backbone } from "../../models/types.ts";

/**
 * Token ids of a text in the model's chat template, at most `limit`: the text is cut, what the template puts around it
 * stays whole.
 * @throws {Error} if the model has no chat template, or if this leaves no room for a text
 */
export function chatPrompt({ chat, tokenize, decode }: Backbone, text: string, limit: number): number[] {
  if (!chat || !tokenize || !decode) throw new Error("Cannot chat: the model must have a chat template, it has none");
  let ids = tokenize(chat(text));
  const tokens = tokenize(text);
  // Where a text is cut, pieces may join anew: until it fits.
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
