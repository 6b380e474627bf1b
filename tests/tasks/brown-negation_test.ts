import assert from "node:assert/strict";
import { brownNegation } from "../../tasks/brown-negation.ts";
import { readSources } from "../../tasks/source.ts";

const { pool = [] } = await brownNegation.load();
const affirmative = pool.filter(({ label }) => label === 0);
const negated = pool.filter(({ label }) => label === 1);

function words(text: string): string[] {
  return text.toLowerCase().match(/[\w'-]+/g) ?? [];
}

Deno.test("labels agree with a count of the negations in the words of the text", () => {
  const negations = new Set(["not", "cannot", "no", "never", "nothing", "none", "nobody"]);
  for (const { id, text, label } of pool) {
    const isNegated = words(text).some((word) => word.endsWith("n't") || negations.has(word.split("'")[0]));
    assert.equal(Number(isNegated), label, `${id}: ${text}`);
  }
});

Deno.test("labels agree with the corpus' own part-of-speech tags", async () => {
  const files = new Map(await Array.fromAsync(readSources(brownNegation.source[0])));
  for (const { id, text, label } of pool) {
    const [name, line] = id.split("/");
    const tagged = files.get(name)?.split("\n")[Number(line) - 1] ?? "";
    // The tag of not and n't has a star; no, never, nothing, none and nobody are not marked as negations.
    const isNegated = /\/\S*\*/.test(tagged) || /(?<!\S)(?:no|never|nothing|none|nobody)(?:'\w+)?\//i.test(tagged);
    assert.equal(Number(isNegated), label, `${id}: ${tagged}`);
    assert.equal(tagged.replace(/\/\S+/g, "").replace(/[^A-Za-z0-9]/g, ""), text.replace(/[^A-Za-z0-9]/g, ""));
  }
});

Deno.test("neither the length nor the text category predicts the label", () => {
  const categories = (examples: typeof pool) =>
    Object.entries(Object.groupBy(examples, ({ id }) => id[1])).map(([key, members]) => [key, members?.length]).sort();
  const lengths = (examples: typeof pool) =>
    examples.map(({ text }) => text.split(" ").filter((token) => /\w/.test(token)).length).sort();
  const characters = (examples: typeof pool) =>
    examples.reduce((sum, { text }) => sum + text.length, 0) / examples.length;
  assert.deepEqual(categories(affirmative), categories(negated));
  assert.ok(categories(negated).length >= 10);
  assert.ok(Math.abs(characters(affirmative) / characters(negated) - 1) < 0.05);
  assert.deepEqual(lengths(affirmative), lengths(negated));
  assert.ok(lengths(pool).every((length) => length >= 6 && length <= 25));
});

Deno.test("sentences read as running text", () => {
  const texts = new Map(pool.map(({ id, text }) => [id, text]));
  assert.equal(texts.get("cp26/84"), '"No, you cannot," I said, pushing aside the water jar he offered to me.');
  assert.equal(texts.get("cp20/145"), '"Now isn\'t it better to smile?"');
  for (const text of texts.values()) assert.doesNotMatch(text, /``|''|\s[.,;:?!)]|\(\s|\s\s|[?!;]{2}/);
});
