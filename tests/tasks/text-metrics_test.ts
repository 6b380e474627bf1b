import assert from "node:assert/strict";
import { textMetrics, tokenize13a } from "../../tasks/text-metrics.ts";

interface Golden {
  bleu: {
    tokenize_13a: { text: string; tokens: string[] }[];
    corpus: {
      name: string;
      hypotheses: string[];
      references: string[][];
      options: object;
      bleu: number;
      chrf: number;
    }[];
  };
  rouge: {
    pairs: ({ prediction: string; target: string } & Record<"rouge1" | "rouge2" | "rougeL", { f: number }>)[];
    mean_f: { rougeL: number };
  };
  exact_match: { pairs: { prediction: string; target: string; normalised: boolean }[] };
}

const { bleu, rouge, exact_match }: Golden = JSON.parse(
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

Deno.test("ROUGE-1, -2 and -L equal those of rouge_score, pair by pair, and ROUGE-L in the mean", () => {
  assert.equal(rouge.pairs.length, 16);
  for (const { prediction, target, rouge1, rouge2, rougeL } of rouge.pairs) {
    near(textMetrics.rouge_l.compute([[target]], [prediction]), rougeL.f, prediction);
    near(textMetrics.rouge_1.compute([[target]], [prediction]), rouge1.f, prediction);
    near(textMetrics.rouge_2.compute([[target]], [prediction]), rouge2.f, prediction);
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

Deno.test("ROUGE-Lsum equals that of rouge_score on texts of several lines", async () => {
  const path = new URL("../golden/rouge-lsum.json", import.meta.url);
  const pairs: { target: string; prediction: string; f: number }[] = JSON.parse(await Deno.readTextFile(path));
  assert.equal(pairs.length, 43);
  for (const { target, prediction, f } of pairs) {
    near(textMetrics.rouge_lsum.compute([[target]], [prediction]), f, JSON.stringify([target, prediction]));
  }
});

Deno.test("chrF equals that of sacrebleu, as a fraction", () => {
  for (const { name, hypotheses, references, options, chrf } of bleu.corpus) {
    if ("lowercase" in options) continue;
    near(textMetrics.chrf.compute(references, hypotheses), chrf / 100, name);
  }
});

Deno.test("answers match without case, punctuation and articles, and share words in part", () => {
  assert.equal(exact_match.pairs.length, 9);
  for (const { prediction, target, normalised } of exact_match.pairs) {
    assert.equal(textMetrics.answer_match.compute([[target]], [prediction]), Number(normalised), prediction);
  }
  const f1 = (references: string[], predicted: string) => textMetrics.answer_f1.compute([references], [predicted]);
  // Two of three words, two of two: 2 · 2 ÷ 5.
  near(f1(["old red cars"], "The red, old"), 4 / 5, "words");
  near(f1(["nothing", "red red"], "red red red"), 4 / 5, "words that are there twice");
  assert.deepEqual([f1(["the"], "a"), f1(["red"], "a"), f1(["red"], "blue")], [1, 0, 0]);
});

Deno.test("the last numbers of two texts are compared, however they are written", () => {
  const same = (reference: string, predicted: string) => textMetrics.final_number.compute([[reference]], [predicted]);
  const right = [["5 + 5 = 10\n#### 1,010", "so it is $1010.00."], ["#### -3", "3 less: -3"], ["#### 0.5", "0.50"]];
  assert.deepEqual(right.map(([reference, predicted]) => same(reference, predicted)), [1, 1, 1]);
  assert.deepEqual([same("#### 10", "10 or 11"), same("#### 10", "ten"), same("none", "none")], [0, 0, 0]);
});

Deno.test("the table of text metrics has nine rows with name, unit and direction", () => {
  const names = "bleu rouge_l rouge_1 rouge_2 rouge_lsum chrf answer_match answer_f1 final_number".split(" ");
  assert.deepEqual(
    Object.entries(textMetrics).map(([key, { name, unit, direction }]) => [key, name, unit, direction]),
    names.map((name) => [name, name, "fraction", "higher"]),
  );
});

Deno.test("texts that are missing or too many, and texts without references, are an error", () => {
  for (const { compute } of Object.values(textMetrics)) {
    assert.throws(() => compute([["a"], ["b"]], ["a"]), /^Error: Cannot score texts: .* current value is 1 for 2$/);
    assert.throws(() => compute([], []), /current value is 0 for 0$/);
    assert.throws(() => compute([[]], ["a"]), /at least one list of references/);
  }
});
