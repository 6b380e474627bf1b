/**
 * The prompt of a text: the token ids that a language model reads before its answer.
 * @module
 */
import type { Backbone } from "../../models/types.ts";
import { cutTexts } from "./words/cut-texts.ts";

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
  return await cutTexts({ tokenize, decode }, [text], limit, ([text]) => tokenize(chat(text)), (taken) => {
    throw new Error(
      `Cannot chat: the chat template must leave room for a text within ${limit} tokens, it takes ${taken}`,
    );
  });
}
