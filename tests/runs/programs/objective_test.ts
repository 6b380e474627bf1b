import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { Random } from "../../../base/random.ts";
import { type Tensor, tf } from "../../../engine/tensor.ts";
import type { ArrayValue, Executable, Feed } from "../../../engine/types.ts";
import { compose } from "../../../methods/adaptation/compose.ts";
import { findFolder } from "../../../models/mod.ts";
import { type TrainableClassifier, trainableClassifier } from "../../../runs/programs/classifier.ts";
import { objectiveOf } from "../../../runs/programs/objective.ts";
import { choices } from "../../../runs/training/heads/choices.ts";
import type { ChoiceTask, HeadTask } from "../../../tasks/types.ts";
import { type Arrays, assertClose, compileBoth } from "../../engine/compare.ts";
import { readTensors } from "../../golden/files.ts";
import { variant } from "../../methods/variants.ts";
import { tinyBackbone } from "../../models/use-lite/tiny.ts";

const LABELS = ["no", "maybe", "yes"];

/** Of each kind of task: right answers of four texts, and the loss of outputs that are all 0. */
const kinds: Record<HeadTask["kind"], { labels: string[]; answers: ArrayValue; lossOfZeros: number }> = {
  classification: {
    labels: LABELS,
    answers: { data: Int32Array.of(0, 2, 1, 1), shape: [4] },
    lossOfZeros: Math.log(3),
  },
  regression: {
    labels: [],
    answers: { data: Float32Array.of(0.5, 3, -1, 2), shape: [4] },
    lossOfZeros: (0.25 + 9 + 1 + 4) / 4,
  },
  "multi-label": {
    labels: LABELS,
    answers: { data: Float32Array.of(1, 0, 1, 0, 0, 0, 0, 1, 0, 1, 1, 1), shape: [4, 3] },
    lossOfZeros: Math.LN2,
  },
  // Three choices of an example, of which the first and the last are right, and the only one of another; each has a weight.
  "multiple choice": {
    labels: [],
    answers: { data: Int32Array.of(2, 1, 2, 0, 2, 1, 2, 0, 2, 1, 2, 0, 0, 0, 0, 2), shape: [4, 4] },
    lossOfZeros: 0.75 * Math.log(3 / 2),
  },
};

const weights = { data: new Float32Array(4).fill(0.25), shape: [4] };

function feedOf(inputs: Feed["inputs"], parameters: Arrays): Feed & { gradients: Arrays } {
  const gradients = Object.entries(parameters).map(([name, values]) =>
    [name, new Float32Array(values.length)] as const
  );
  return { inputs, parameters, gradients: Object.fromEntries(gradients) };
}

/** Asserts that the gradient of each value is the central difference of the loss. */
async function assertDerivatives(executable: Executable, feed: ReturnType<typeof feedOf>): Promise<void> {
  const scratch = Object.fromEntries(Object.entries(feed.gradients).map(([name, values]) => [name, values.slice()]));
  const loss = async () => (await executable.run({ ...feed, gradients: scratch })).loss[0];
  for (const [name, values] of Object.entries(feed.parameters)) {
    for (let at = 0; at < values.length; at++) {
      const [before, h] = [values[at], 2e-2];
      values[at] = before + h;
      const above = await loss();
      values[at] = before - h;
      const slope = (above - await loss()) / (2 * h);
      values[at] = before;
      const gradient = feed.gradients[name][at];
      assert(Math.abs(slope - gradient) < 1e-3, `${name}[${at}]: gradient ${gradient}, central difference ${slope}`);
    }
  }
}

for (const [kind, { labels, answers, lossOfZeros }] of Object.entries(kinds)) {
  Deno.test(`the loss of ${kind} has the gradient of central differences on cpu and js, at the start and behind it`, async () => {
    const [backbone, random] = [await tinyBackbone(3), new Random(4, kind)];
    const objective = objectiveOf(kind as HeadTask["kind"], labels.length);
    const model = trainableClassifier(
      backbone,
      compose([variant("linear-probe")], backbone),
      labels,
      0.1,
      {},
      objective,
    );
    const features = Float32Array.from({ length: 4 * backbone.featureWidth }, () => random.normal());
    const inputs = { features: { data: features, shape: [4, backbone.featureWidth] }, labels: answers, weights };
    const start = await model.start(1);
    const executables = await compileBoth(model.loss.program, model.loss.signature, true);
    for (const noise of [0, 0.3]) {
      const parameters = Object.entries(start).map(([name, values]) =>
        [name, values.map((value) => value + noise * random.normal())] as const
      );
      const feeds = executables.map(() => feedOf(inputs, Object.fromEntries(parameters)));
      const losses = await Promise.all(executables.map(async (each, at) => (await each.run(feeds[at])).loss[0]));
      assertClose(feeds[0].gradients, feeds[1].gradients, 1e-4, "gradients", 1e-3);
      assert(Math.abs(losses[0] - losses[1]) < 1e-5);
      if (noise === 0) assert(Math.abs(losses[0] - lossOfZeros) < 1e-6, `${losses[0]}, not ${lossOfZeros}`);
      await assertDerivatives(executables[0], feeds[0]);
    }
    for (const executable of executables) await executable.release();
  });
}

interface Trained {
  targets: (number | number[])[];
  loss: number;
  outputs: number[][];
  head: Record<string, number[]>;
  gradients: Record<string, number[]>;
}

/** Makes sure that a classifier computes on both devices what transformers does: outputs, loss, and the gradients of what is trained. */
async function assertComputes(
  model: TrainableClassifier,
  inputs: Feed["inputs"],
  { head, outputs, loss, gradients }: Omit<Trained, "targets">,
  what: string,
): Promise<void> {
  const valuesOf = (lists: Record<string, number[]>) =>
    Object.fromEntries(Object.entries(lists).map(([name, values]) => [name, Float32Array.from(values)]));
  const parameters = { ...await model.start(1), ...valuesOf(head) };
  const executables = await compileBoth(
    (args) => ({ ...model.logits.program(args), ...model.loss.program(args) }),
    model.loss.signature,
    true,
  );
  for (const executable of executables) {
    const feed = feedOf(inputs, parameters);
    const computed = await executable.run(feed);
    await executable.release();
    assertClose({ logits: computed.logits }, { logits: Float32Array.from(outputs.flat()) }, 1e-4, what);
    assertClose({ loss: computed.loss }, { loss: Float32Array.of(loss) }, 1e-5, what);
    assertClose(feed.gradients, valuesOf(gradients), 1e-4, `${what} gradients`, 1e-2);
  }
}

Deno.test("outputs, losses and gradients of regression and of several labels are those that transformers computes", async () => {
  const golden = fileURLToPath(new URL("../../golden/", import.meta.url));
  const { training }: { training: Record<"regression" | "multi-label", Trained> } = JSON.parse(
    await Deno.readTextFile(`${golden}kinds.json`),
  );
  const base = await readTensors(`${golden}A/bert/base_cls.safetensors`);
  const { shape } = base.input_ids;
  const backbone = await (await findFolder(`${golden}A/bert/model`)).open();
  for (const kind of ["regression", "multi-label"] as const) {
    const { targets, loss, outputs, head, gradients } = training[kind];
    const objective = objectiveOf(kind, outputs[0].length);
    const bitfit = compose([variant("bitfit")], backbone);
    const model = trainableClassifier(backbone, bitfit, [], 0.1, {}, objective);
    const inputs = {
      ids: base.input_ids,
      mask: { shape, data: Float32Array.from(base.attention_mask.data) },
      types: base.token_type_ids,
      labels: { data: Float32Array.from(targets.flat()), shape: kind === "regression" ? [4] : [4, 3] },
      weights,
    };
    await assertComputes(model, inputs, { head, outputs, loss, gradients }, kind);
  }
});

const superGlue: {
  loss: { sizes: number[]; right: number[][]; outputs: number[]; loss: number; gradient: number[] };
  training: Omit<Trained, "targets"> & { right: number[] };
} = JSON.parse(await Deno.readTextFile(new URL("../../golden/super-glue.json", import.meta.url)));
const chosen = choices({ kind: "multiple choice", metrics: ["accuracy"] } as unknown as ChoiceTask);
const letters = (count: number) => Array.from({ length: count }, (_, at) => String.fromCharCode(97 + at));

Deno.test("the loss of multiple choice and its gradient are torch's for any number of choices and of right ones", () => {
  const { sizes, right, outputs, loss, gradient } = superGlue.loss;
  const answers = right.map((right, at) => ({ choices: letters(sizes[at]), right }));
  const { data, shape } = chosen.collate(answers);
  const weights = sizes.flatMap((size) => [1 / 4, ...Array(size - 1).fill(0)]);
  tf.tidy(() => {
    const labels = tf.tensor(data as Int32Array, [...shape], "int32");
    const lossOf = (x: Tensor) => tf.sum(tf.mul(chosen.objective.logLikelihood(x, labels), tf.tensor1d(weights))).neg();
    const { value, grad } = tf.valueAndGrad(lossOf as never)(tf.tensor2d(outputs, [outputs.length, 1]));
    assertClose({ loss: value.dataSync() as Float32Array }, { loss: Float32Array.of(loss) }, 1e-6, "loss");
    assertClose({ x: grad.dataSync() as Float32Array }, { x: Float32Array.from(gradient) }, 1e-6, "gradient");
  });
  let end = 0;
  const losses = answers.map((answer, at) =>
    chosen.lossOf(Float32Array.from(outputs.slice(end, end += sizes[at])), answer)
  );
  assert(Math.abs(losses.reduce((sum, each) => sum + each) / 4 - loss) < 1e-6);
});

Deno.test("outputs, loss and gradients of multiple choice are those of transformers' BertForMultipleChoice", async () => {
  const golden = fileURLToPath(new URL("../../golden/", import.meta.url));
  const base = await readTensors(`${golden}A/bert/base_cls.safetensors`);
  const { shape } = base.input_ids;
  const backbone = await (await findFolder(`${golden}A/bert/model`)).open();
  const { right, loss, outputs, head, gradients } = superGlue.training;
  const model = trainableClassifier(backbone, compose([variant("bitfit")], backbone), [], 0.1, {}, chosen.objective);
  const inputs = {
    ids: base.input_ids,
    mask: { shape, data: Float32Array.from(base.attention_mask.data) },
    types: base.token_type_ids,
    labels: chosen.collate(right.map((place) => ({ choices: letters(2), right: [place] }))),
    weights: { data: Float32Array.of(0.5, 0, 0.5, 0), shape: [4] },
  };
  await assertComputes(model, inputs, { head, outputs, loss, gradients }, "multiple choice");
});
