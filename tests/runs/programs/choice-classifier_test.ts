import assert from "node:assert/strict";
import { cpu } from "../../../engine/devices/cpu.ts";
import { js } from "../../../engine/devices/js.ts";
import { compose } from "../../../methods/adaptation/compose.ts";
import { requireDerivative } from "../../../runs/plugins/check/gradient.ts";
import { choiceClassifier, collateTrees } from "../../../runs/programs/choice-classifier.ts";
import { type ChoiceEncoding, choiceTree } from "../../../runs/programs/choice-tree.ts";
import type { LanguageBackbone } from "../../../runs/programs/language-model.ts";
import { CHOICE } from "../../../runs/programs/objective.ts";
import { type Arrays, assertClose, compileBoth } from "../../engine/compare.ts";
import { variant } from "../../methods/variants.ts";
import { openGolden, outputOf, readMethod, texts, values, words } from "./word-scores.ts";

/** The places among the golden words of the choices that each text has. */
const choicesOf = [[2, 0, 4], [1, 2], [0, 1, 2, 3, 4]];
const trees = texts.map((text, at) => choiceTree(text, choicesOf[at].map((word) => words[word])));

async function openDecoder(architecture: string): Promise<LanguageBackbone> {
  return await openGolden(architecture) as LanguageBackbone;
}

/** The scores of the choices of each tree, out of outputs [trees, longest]. */
function atEnds(outputs: ArrayLike<number>, of: readonly ChoiceEncoding[] = trees): number[][] {
  const length = outputs.length / of.length;
  return of.map(({ ends }, row) => ends.map((place) => outputs[row * length + place]));
}

Deno.test("a text stands once before its choices, and once what these begin with", () => {
  const tree = choiceTree([7, 8], [[1, 2, 3], [4], [1, 2], [1, 5], [4]]);
  assert.deepEqual([...tree], [7, 8, 1, 2, 3, 2, 5, 4, 4]);
  assert.deepEqual(tree.parents, [0, 0, 1, 2, 3, 2, 2, 1, 1]);
  assert.deepEqual(tree.until, [8, 8, 6, 4, 4, 5, 6, 7, 8]);
  assert.deepEqual(tree.positions, [0, 1, 2, 3, 4, 3, 3, 2, 2]);
  assert.deepEqual(tree.ends, [4, 7, 5, 6, 8]);
  assert.throws(() => choiceTree([], [[1]]), /a text must have a token before them, it has none$/);
  assert.throws(() => choiceTree([1], [[1], []]), /each must have a token, one has none$/);
});

for (
  const [architecture, method] of [["gpt2", "prompt"], ["llama", "prefix"], ["qwen2", "lora"], ["mistral", "prefix"]]
) {
  Deno.test(`choices of ${architecture} with ${method} have transformers' scores as sequences of their own, on js too`, async () => {
    const backbone = await openDecoder(architecture);
    const { adaptation, parameters } = await readMethod(architecture, method, backbone);
    const { answers } = choiceClassifier(backbone, adaptation, { labels: [] });
    const golden = values.causal[architecture][method].flatMap((row, at) => choicesOf[at].map((word) => row[word]));
    for (const device of [cpu, js]) {
      const scores = atEnds(await outputOf(device, answers, parameters, collateTrees(backbone, trees))).flat();
      scores.forEach((score, at) => assert(Math.abs(score - golden[at]) < 1e-4, `${score} instead of ${golden[at]}`));
    }
  });
}

Deno.test("a choice's score by length is the mean over its tokens", async () => {
  const backbone = await openDecoder("gpt2");
  const { answers } = choiceClassifier(backbone, compose([], backbone), { labels: [], normalise: "length" });
  const scores = atEnds(await outputOf(cpu, answers, {}, collateTrees(backbone, trees)));
  for (const [at, places] of choicesOf.entries()) {
    for (const [place, word] of places.entries()) {
      const mean = values.causal.gpt2.none[at][word] / words[word].length;
      assert(Math.abs(scores[at][place] - mean) < 1e-4);
    }
  }
});

Deno.test("the loss of choices is the cross-entropy of their scores, and its gradient that of central differences, on js too", async () => {
  const backbone = await openDecoder("gpt2");
  const adaptation = compose([variant("prompt-tuning", { virtualTokens: 2 })], backbone);
  const classifier = choiceClassifier(backbone, adaptation, { labels: [], normalise: "length" });
  const inputs = collateTrees(backbone, trees);
  const { shape } = inputs.ids;
  const labels = new Int32Array(shape[0] * shape[1]);
  // Of the last text, the second and the fourth are right.
  const right = [[0], [1], [1, 3]];
  trees.forEach(({ ends }, row) =>
    ends.forEach((place, at) => labels[row * shape[1] + place] = right[row].includes(at) ? CHOICE.right : CHOICE.wrong)
  );
  const weights = Float32Array.of(0.5, 0.3, 0.2);
  const start = Object.entries(await classifier.start(3));
  const parameters = Object.fromEntries(
    start.map(([name, values]) => [name, values.map((value, at) => value + Math.sin(at) / 10)]),
  );
  const feedOf = () => ({
    parameters,
    gradients: Object.fromEntries(start.map(([name, { length }]) => [name, new Float32Array(length)])),
    inputs: { ...inputs, labels: { data: labels, shape }, weights: { data: weights, shape: [3] } },
  });
  const executables = await compileBoth(classifier.loss.program, classifier.loss.signature, true);
  const scores = atEnds(await outputOf(cpu, classifier.answers, parameters, inputs));
  const sum = (logits: number[]) => logits.reduce((total, logit) => total + Math.exp(logit), 0);
  const expected = scores.reduce(
    (total, row, at) => total + weights[at] * Math.log(sum(row) / sum(right[at].map((place) => row[place]))),
    0,
  );
  const gradients: Arrays[] = [];
  for (const executable of executables) {
    const feed = feedOf();
    const { loss: [loss] } = await executable.run(feed);
    assert(Math.abs(loss - expected) < 1e-5, `${loss} instead of ${expected}`);
    gradients.push(feed.gradients);
  }
  assertClose(gradients[0], gradients[1], 1e-4, "gradients", 1e-2);
  await requireDerivative(executables[0], feedOf(), start.map(([name]) => name));
  for (const executable of executables) await executable.release();
});

Deno.test("an encoder-decoder scores no choices", async () => {
  const backbone = await openDecoder("t5");
  assert.throws(
    () => choiceClassifier(backbone, compose([], backbone), { labels: [] }),
    /^Error: Cannot score choices: the model must be a decoder, it is none$/,
  );
});
