/**
 * The prompt of a text: the token ids that a language model reads before its answer.
 * @module
 */
import type { Backbone } from "../../models/types.ts";

/** What stands between a text and its answer, for a decoder that reads both as one sequence. */
const SEPARATOR = "\n";

/** Token ids of a text in the form that training puts before its answer, at most `limit`. */
export async function encodePrompt(
  backbone: Backbone,
  text: string,
  limit: number,
  chat?: true,
): Promise<readonly number[]> {
  if (chat) return await chatPrompt(backbone, text, limit);
  return await backbone.encode(backbone.languageModel!.target ? text : text + SEPARATOR, limit);
}

/**
 * Token ids of a text in the model's chat template, at most `limit`. A long text is cut; the template around it stays
 * whole.
 * @throws {Error} if the model has no chat template, or if the template leaves no room for a text
 */
export async function chatPrompt(
  { chat, tokenize, decode }: Backbone,
  text: string,
  limit: number,
): Promise<number[]> {
  if (!chat || !tokenize || !decode) throw new Error("Cannot chat: the model must have a chat template, it has none");
  let ids = await tokenize(chat(text));
  const tokens = await tokenize(text);
  // Tokens may merge where a text is cut, so a cut text can still be too long: it is cut again until it fits.
  for (let kept = tokens.length; ids.length > limit;) {
    if (kept === 0) {
      throw new Error(
        `Cannot chat: the chat template must leave room for a text within ${limit} tokens, it takes ${ids.length}`,
      );
    }
    kept = Math.max(0, kept - (ids.length - limit));
    ids = await tokenize(chat(await decode(tokens.slice(0, kept))));
  }
  return ids;
}
