import assert from "node:assert/strict";
import { cpu } from "../../../engine/devices/cpu.ts";
import { compose } from "../../../methods/adaptation/compose.ts";
import { asWordBackbone, type LabelWords, wordClassifier } from "../../../runs/programs/word-classifier.ts";
import { variant } from "../../methods/variants.ts";
import { expected, headOf, maskedTexts, openWith } from "../../models/architectures/masked.ts";
import { difference } from "../../models/eager.ts";
import { openGolden, outputOf, requireGoldenScores, requireGradients, texts, words } from "./word-scores.ts";
import { measureWords } from "../../../perf/measure/words.ts";
import { tinyWordModel } from "../training/words/tiny-words.ts";

Deno.test("words of several tokens have the scores that transformers and PEFT give them as sequences of their own", async (t) => {
  // tests/long/runs/word-scores_test.ts has all architectures with all methods.
  const chosen = [["gpt2", "prompt"], ["llama", "prefix"], ["qwen2", "lora"], ["mistral", "prefix"], ["t5", "prompt"]];
  for (const [architecture, method] of chosen) {
    await t.step(`${architecture}, ${method}`, () => requireGoldenScores(cpu, architecture, method));
  }
});

/** The logits of labels, as `answers` computes them, and the scores of their words. */
async function logitsAndScores(labelWords: LabelWords, options = {}) {
  const backbone = await openGolden("llama");
  const classifier = wordClassifier(backbone, compose([], backbone), labelWords, { labels: [], ...options });
  const inputs = classifier.collate(texts);
  return {
    logits: await outputOf(cpu, classifier.answers, {}, inputs),
    scores: await outputOf(cpu, classifier.wordScores, {}, inputs),
    classifier,
  };
}

/** Logits of labels of each text, less the first label's. */
function relative(logits: ArrayLike<number>, labels: number): number[] {
  return Array.from(logits, (logit, at) => logit - logits[at - at % labels]);
}

Deno.test("a label's logit is the log of the summed probability of its words, up to a constant of each text", async () => {
  const labelWords = [[words[0], words[1]], [words[2]], [words[3], words[4]]];
  const { logits, scores, classifier } = await logitsAndScores(labelWords);
  const sums = texts.flatMap((_, text) => {
    const [a, b, c, d, e] = scores.slice(text * 5, text * 5 + 5);
    return [Math.log(Math.exp(a) + Math.exp(b)), c, Math.log(Math.exp(d) + Math.exp(e))];
  });
  assert(difference(relative(logits, 3), relative(sums, 3)) < 1e-4);
  // 52, 52 30, 52 30 13, 67, and 14: what words begin with is read once.
  assert.deepEqual([classifier.branches, classifier.room], [5, 3]);
});

Deno.test("scores are divided by the numbers of tokens, and priors are taken from them", async () => {
  const labelWords = words.map((word) => [word]);
  const { scores } = await logitsAndScores(labelWords);
  const priors = words.map((_, at) => [at / 2]);
  const normalised = await logitsAndScores(labelWords, { normalise: "length", priors });
  const means = scores.map((score, at) => score / words[at % words.length].length);
  assert(difference(normalised.scores, means) < 1e-4);
  const expected = Array.from(means, (mean, at) => mean - priors[at % words.length][0]);
  assert(difference(relative(normalised.logits, words.length), relative(expected, words.length)) < 1e-4);
});

Deno.test("a masked language model scores words of one token at the mask, and refuses longer ones", async () => {
  const backbone = asWordBackbone({ ...await openWith("roberta", await headOf("roberta")), maskToken: expected.mask });
  const adaptation = compose([], backbone);
  const tokens = [30, 2, 77];
  const classifier = wordClassifier(backbone, adaptation, tokens.map((token) => [[token]]), { labels: [] });
  const inputs = classifier.collate(maskedTexts.map((ids) => Object.assign([...ids], { answer: 2 })));
  const logits = await outputOf(cpu, classifier.answers, {}, inputs);
  const golden = expected.masked.roberta.flatMap((row) => tokens.map((token) => row[token]));
  assert(difference(relative(logits, 3), relative(golden, 3)) < 1e-4);
  const scores = await outputOf(cpu, classifier.wordScores, {}, inputs);
  const totals = expected.masked.roberta.map((row) => Math.log(row.reduce((sum, one) => sum + Math.exp(one), 0)));
  assert(difference(scores, golden.map((logit, at) => logit - totals[Math.floor(at / 3)])) < 1e-4);
  assert.throws(
    () => wordClassifier(backbone, adaptation, [[[5]], [[6, 7]]], { labels: [] }),
    /^Error: Cannot score words: a masked language model scores words of one token, one has 2$/,
  );
  assert.throws(() => wordClassifier(backbone, adaptation, [[[5]], []], { labels: [] }), /each label must have a word/);
  assert.throws(() => classifier.collate(maskedTexts), /each text must have a mask, one has none$/);
});

Deno.test("the gradient of the loss by words is that of central differences, and the same on js", async () => {
  // tests/long/runs/word-scores_test.ts has other models and methods.
  const parts = [variant("prompt-tuning", { virtualTokens: 2 })];
  await requireGradients(await openGolden("gpt2"), parts, [[words[0], words[3]], [words[1]]], texts);
});

Deno.test("words are scored in 8-bit integers as in floats, nearly", async () => {
  const backbone = await openGolden("llama");
  const { wordScores, collate } = wordClassifier(backbone, compose([], backbone), words.map((word) => [word]), {
    labels: [],
  });
  const exact = await outputOf(cpu, wordScores, {}, collate(texts));
  const rounded = await outputOf(cpu, wordScores, {}, collate(texts), "int8");
  const error = difference(rounded, exact);
  // A word of four tokens has a score of about −25.
  assert(error > 0 && error < 0.5, `${error}`);
});

Deno.test("the speed of words is measured beside plain passes, of several tokens where a model can score these", async () => {
  for (const [architecture, works] of [["gpt2", 4], ["bert", 2], ["t5", 4]] as const) {
    const { text } = await measureWords(await tinyWordModel(architecture), 1, 8);
    assert.match(text, /^8 texts classified by words/);
    assert.equal(text.match(/^\| [pw].*\| +\d+\.\d+ \(.*\| +\d+\.\d+ \(.*$/gm)?.length, works, text);
  }
});
