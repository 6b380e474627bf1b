import assert from "node:assert/strict";
import { apartTokenizer } from "../../../models/tokenizers/apart.ts";

/** Words of white space; its regular expression needs a time that doubles with each a before a b. */
const form = (regex: string) => ({
  added_tokens: [],
  normalizer: null,
  pre_tokenizer: { type: "Split", pattern: { Regex: regex }, behavior: "Removed", invert: false },
  decoder: null,
  model: { type: "WordLevel", vocab: { a: 0, b: 1, "[UNK]": 2 }, unk_token: "[UNK]" },
});

Deno.test("a text on which the library ends is refused with the library's words, and the next texts are encoded", async () => {
  const tokenizer = apartTokenizer("x/tokenizer.json", form(" |(a+)+$"));
  const [first, hostile, next] = await Promise.allSettled([
    tokenizer.idsOf("a b"),
    tokenizer.idsOf(`${"a".repeat(40)}b`),
    tokenizer.idsOf("b a b"),
  ]);
  assert.deepEqual([first, next], [
    { status: "fulfilled", value: [0, 1] },
    { status: "fulfilled", value: [1, 0, 1] },
  ]);
  assert.match(
    (hostile as PromiseRejectedResult).reason.message,
    /^Cannot use the tokenizer x\/tokenizer\.json: its library must not end on a text, it did: .*retry-limit/,
  );
  assert.equal(await tokenizer.decode([0, 1], true), "a b");
  await tokenizer.release();
});

Deno.test("a tokenizer that is not read in time is refused, and what the library says of a form is said", async () => {
  const slow = apartTokenizer("slow", form(" "), 0.001);
  await assert.rejects(slow.idsOf("a"), {
    message: "Cannot use the tokenizer slow: a text must be encoded within 0.001 s, it takes longer",
  });
  await slow.release();
  const wrong = apartTokenizer("wrong", { ...form(" "), model: { type: "WordLevel", vocab: 3 } });
  await assert.rejects(wrong.idsOf("a"), /^Error: Cannot use the tokenizer wrong: /);
  await wrong.release();
});
