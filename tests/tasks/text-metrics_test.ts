import assert from "node:assert/strict";
import { textMetrics, tokenize13a } from "../../tasks/text-metrics.ts";

interface Golden {
  bleu: {
    tokenize_13a: { text: string; tokens: string[] }[];
    corpus: { name: string; hypotheses: string[]; references: string[][]; options: object; bleu: number }[];
  };
  rouge: { pairs: { prediction: string; target: string; rougeL: { f: number } }[]; mean_f: { rougeL: number } };
}

const { bleu, rouge }: Golden = JSON.parse(
  await Deno.readTextFile(new URL("../golden/metrics.json", import.meta.url)),
);
const near = (computed: number, expected: number, what: string) =>
  assert.ok(Math.abs(computed - expected) <= 1e-9, `${what}: ${computed} instead of ${expected}`);

Deno.test("tokens of 13a equal those of sacrebleu", () => {
  assert.equal(bleu.tokenize_13a.length, 17);
  for (const { text, tokens } of bleu.tokenize_13a) assert.deepEqual(tokenize13a(text), tokens);
});

Deno.test("BLEU equals that of sacrebleu, as a fraction", () => {
  const cases = bleu.corpus.filter(({ options }) => Object.keys(options).length === 0);
  assert.equal(cases.length, 11);
  assert.ok(cases.some(({ references }) => new Set(references.map(({ length }) => length)).size > 1));
  for (const { name, hypotheses, references, bleu } of cases) {
    near(textMetrics.bleu.compute(references, hypotheses), bleu / 100, name);
  }
});

Deno.test("ROUGE-L equals that of rouge_score, pair by pair and in the mean", () => {
  assert.equal(rouge.pairs.length, 16);
  for (const { prediction, target, rougeL } of rouge.pairs) {
    near(textMetrics.rouge_l.compute([[target]], [prediction]), rougeL.f, prediction);
  }
  const texts = rouge.pairs.map(({ prediction }) => prediction);
  near(textMetrics.rouge_l.compute(rouge.pairs.map(({ target }) => [target]), texts), rouge.mean_f.rougeL, "mean");
});

Deno.test("of several references, ROUGE-L takes the one with the highest score, in any order", () => {
  const references = ["nothing of it", "the cat sat on the mat", "a cat sat"];
  const alone = references.map((reference) => textMetrics.rouge_l.compute([[reference]], ["the cat sat"]));
  for (const some of [references, references.toReversed()]) {
    assert.equal(textMetrics.rouge_l.compute([some], ["the cat sat"]), Math.max(...alone));
  }
});

Deno.test("the table of text metrics has two rows with name, unit and direction", () => {
  assert.deepEqual(
    Object.entries(textMetrics).map(([key, { name, unit, direction }]) => [key, name, unit, direction]),
    [["bleu", "bleu", "fraction", "higher"], ["rouge_l", "rouge_l", "fraction", "higher"]],
  );
});

Deno.test("texts that are missing or too many, and texts without references, are an error", () => {
  for (const { compute } of Object.values(textMetrics)) {
    assert.throws(() => compute([["a"], ["b"]], ["a"]), /^Error: Cannot score texts: .* current value is 1 for 2$/);
    assert.throws(() => compute([], []), /current value is 0 for 0$/);
    assert.throws(() => compute([[]], ["a"]), /at least one list of references/);
  }
});
