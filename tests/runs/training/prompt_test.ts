import assert from "node:assert/strict";
import type { Backbone } from "../../../models/types.ts";
import { chatPrompt } from "../../../runs/training/prompt.ts";

/** A token a character; a template that puts three before a text and two behind it. */
const backbone = {
  tokenize: (text: string) => Array.from(text, (character) => character.codePointAt(0)!),
  decode: (ids: readonly number[]) => String.fromCodePoint(...ids),
  chat: (message: string) => `<u>${message}:)`,
} as unknown as Backbone;
const readBack = (limit: number) => backbone.decode!(chatPrompt(backbone, "a long text", limit));

Deno.test("a text that is too long is cut inside its chat template, which stays whole", () => {
  assert.equal(readBack(16), "<u>a long text:)");
  assert.equal(readBack(15), "<u>a long tex:)");
  assert.equal(readBack(6), "<u>a:)");
  assert.equal(readBack(5), "<u>:)");
});

Deno.test("a chat template that leaves no room is refused, and so is a model without one", () => {
  assert.throws(() => readBack(4), {
    message: "Cannot chat: the chat template must leave room for a text within 4 tokens, it takes 5",
  });
  assert.throws(() => chatPrompt({ ...backbone, chat: undefined }, "a", 9), {
    message: "Cannot chat: the model must have a chat template, it has none",
  });
});
