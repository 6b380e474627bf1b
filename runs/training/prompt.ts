/**
 * The prompt of a text: the token ids that a language model reads before its answer.
 * @module
 */
import { shorten } from "../../base/errors.ts";
import type { Backbone } from "../../models/types.ts";
import { cutTexts } from "./words/cut-texts.ts";

/** What stands between a text and its answer, for a decoder that reads both as one sequence. */
const SEPARATOR = "\n";

/** A model as far as it reads prompts. */
export type PromptModel = Pick<Backbone, "encode" | "tokenize" | "decode" | "chat" | "maxLength" | "languageModel">;

/** Token ids of a text in the form that training puts before its answer, at most `limit`. */
export async function encodePrompt(
  backbone: PromptModel,
  text: string,
  limit: number,
  chat?: true,
): Promise<readonly number[]> {
  if (chat) return await chatPrompt(backbone, text, limit);
  return await backbone.encode(backbone.languageModel!.target ? text : text + SEPARATOR, limit);
}

/** Number of token ids of a text's prompt, however many they are. */
async function countPrompt(backbone: PromptModel, text: string, chat?: true): Promise<number> {
  const { tokenize, encode, maxLength, languageModel } = backbone;
  if (chat && backbone.chat) return (await tokenize!(backbone.chat(text))).length;
  const ofText = await tokenize!(languageModel!.target ? text : text + SEPARATOR);
  return ofText.length + (await encode("", maxLength)).length;
}

/** A dialogue's prompt. */
export interface DialoguePrompt {
  /** Its token ids. */
  ids: readonly number[];
  /** Number of the oldest turns that were left out. */
  leftOut: number;
}

/**
 * The prompt of a dialogue, a turn a line: the oldest turns are left out, as many as it takes to have at most `limit` tokens.
 * @param name of the dialogue, for the message
 * @throws {Error} if the last turn alone is too long
 */
export async function encodeDialogue(
  backbone: PromptModel,
  name: string,
  text: string,
  limit: number,
  chat?: true,
): Promise<DialoguePrompt> {
  const turns = text.split("\n");
  for (let leftOut = 0;; leftOut++) {
    const kept = turns.slice(leftOut).join("\n");
    const count = await countPrompt(backbone, kept, chat);
    if (leftOut === turns.length - 1) requireLastTurn(name, count, limit);
    if (count <= limit) return { ids: await encodePrompt(backbone, kept, limit, chat), leftOut };
  }
}

/** Number of token ids of a dialogue's last turn alone, with what stands around it. */
export async function countLastTurn(backbone: PromptModel, text: string, chat?: true): Promise<number> {
  return await countPrompt(backbone, text.slice(text.lastIndexOf("\n") + 1), chat);
}

/** Makes sure that the last turn of a dialogue has room. @throws {Error} if it is too long alone */
export function requireLastTurn(name: string, count: number, limit: number): void {
  if (count <= limit) return;
  throw new Error(
    `Cannot read the dialogue ${
      shorten(name)
    }: its last turn must have at most ${limit} tokens with what stands around it, which is what ` +
      `maxLength, outputLength and the model leave, current value is ${count}`,
  );
}

/**
 * Token ids of a text in the model's chat template, at most `limit`. A long text is cut; the template around it stays
 * whole.
 * @throws {Error} if the model has no chat template, or if the template leaves no room for a text
 */
export async function chatPrompt(
  { chat, tokenize, decode }: PromptModel,
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
