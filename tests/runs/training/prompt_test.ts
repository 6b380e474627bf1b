import assert from "node:assert/strict";
import type { Backbone } from "../../../models/types.ts";
import { chatPrompt } from "../../../runs/training/prompt.ts";

/** A token a character; a template that puts three before a text and two behind it. */
const backbone = {
  tokenize: (text: string) => Promise.resolve(Array.from(text, (character) => character.codePointAt(0)!)),
  decode: (ids: readonly number[]) => Promise.resolve(String.fromCodePoint(...ids)),
  chat: (message: string) => `<u>${message}:)`,
} as unknown as Backbone;
const readBack = async (limit: number) => await backbone.decode!(await chatPrompt(backbone, "a long text", limit));

Deno.test("a text that is too long is cut inside its chat template, which stays whole", async () => {
  assert.equal(await readBack(16), "<u>a long text:)");
  assert.equal(await readBack(15), "<u>a long tex:)");
  assert.equal(await readBack(6), "<u>a:)");
  assert.equal(await readBack(5), "<u>:)");
});

Deno.test("a chat template that leaves no room is refused, and so is a model without one", async () => {
  await assert.rejects(readBack(4), {
    message: "Cannot chat: the chat template must leave room for a text within 4 tokens, it takes 5",
  });
  await assert.rejects(chatPrompt({ ...backbone, chat: undefined }, "a", 9), {
    message: "Cannot chat: the model must have a chat template, it has none",
  });
});
