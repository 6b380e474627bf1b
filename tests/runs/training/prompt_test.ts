import assert from "node:assert/strict";
import type { Backbone } from "../../../models/types.ts";
import { chatPrompt, encodeDialogue } from "../../../runs/training/prompt.ts";

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
});

Deno.test("a chat template that leaves no room is refused, and so is a model without one", async () => {
  for (const limit of [4, 5]) {
    await assert.rejects(readBack(limit), {
      message: `Cannot chat: the chat template must leave room for a text within ${limit} tokens, it takes 5`,
    });
  }
  await assert.rejects(chatPrompt({ ...backbone, chat: undefined }, "a", 9), {
    message: "Cannot chat: the model must have a chat template, it has none",
  });
});

/** A decoder that puts a token, a full stop, before every text. */
const decoder = {
  ...backbone,
  maxLength: 20,
  languageModel: {},
  encode: async (text: string, limit: number) => [46, ...await backbone.tokenize!(text)].slice(0, limit),
} as unknown as Backbone;

Deno.test("a dialogue that is too long loses whole turns from its beginning, so that the newest stay", async () => {
  const text = "A: one\nB: two\nA: six";
  const read = async (limit: number, chat?: true) => {
    const { ids, leftOut } = await encodeDialogue(decoder, "d", text, limit, chat);
    assert(ids.length <= limit);
    return [await backbone.decode!(ids), leftOut];
  };
  assert.deepEqual(await read(22), [`.${text}\n`, 0]);
  // A token less takes a whole turn, not a letter.
  assert.deepEqual(await read(21), [".B: two\nA: six\n", 1]);
  assert.deepEqual(await read(15), [".B: two\nA: six\n", 1]);
  assert.deepEqual(await read(14), [".A: six\n", 2]);
  assert.deepEqual(await read(8), [".A: six\n", 2]);
  assert.deepEqual(await read(18, true), ["<u>B: two\nA: six:)", 1]);
  assert.deepEqual(await read(17, true), ["<u>A: six:)", 2]);
  await assert.rejects(
    read(7),
    /^Error: Cannot read the dialogue d: its last turn must have at most 7 tokens .*, current value is 8$/,
  );
});
