/**
 * Comparisons with golden values.
 * @module
 */
import assert from "node:assert/strict";
import { TrainingState } from "../../engine/adamw.ts";
import { cpu } from "../../engine/devices/cpu.ts";
import { type Tensor, type Tensors, tf } from "../../engine/tensor.ts";
import type { ProgramArguments } from "../../engine/types.ts";
import { compose, type Part } from "../../methods/adaptation/compose.ts";
import { generate } from "../../runs/programs/decoding.ts";
import { storeFrozen } from "../../runs/programs/frozen.ts";
import { asLanguageModel, trainableLanguageModel } from "../../runs/programs/language-model.ts";
import { difference, eagerWeights } from "../models/eager.ts";
import { type Case, readGenerated, readValues, type Values } from "./files.ts";
import type { Golden } from "./golden.ts";

function largest(values: Float32Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

function assertNear(actual: Float32Array, expected: Float32Array, tolerance: number, what: string): void {
  const worst = difference(actual, expected);
  assert(worst <= tolerance, `${what}: differs by ${worst}, may differ by ${tolerance}`);
}

function norm(values: Float32Array): number {
  return Math.hypot(...values);
}

/** The untouched model: every hidden state and the logits; of a language model, logits and loss. */
export async function compareBase(reference: Golden): Promise<void> {
  const { backbone, inputs, base } = reference;
  if (reference.task !== "cls") {
    const { loss, logits } = await reference.trainable([], 0);
    const states = reference.task === "s2s" ? (args: ProgramArguments) => reference.lastStates(args) : () => ({});
    const executable = await cpu.compile(
      (args) => ({ ...logits(args), ...loss.program(args), ...states(args) }),
      loss.signature,
      { threads: 1 },
    );
    const actual = await executable.run({ parameters: {}, inputs });
    await executable.release();
    assertNear(reference.cut(actual.logits, base.logits), base.logits, 1e-4, "logits");
    for (const stack of ["encoder", "decoder"].filter((name) => name in actual)) {
      const expected = base[`${stack}_last_hidden_state`];
      assertNear(reference.cut(actual[stack], expected), expected, 1e-4, `last state of the ${stack}`);
    }
    return assertNear(actual.loss, base.loss, 1e-4, "loss");
  }
  const head = Object.fromEntries(reference.headNames.map((name) => [name, reference.modelValues[name]]));
  const { parameters } = backbone.head!;
  const shapes = Object.fromEntries(parameters(reference.labels.length).map(({ name, shape }) => [name, shape]));
  const { labels: _, weights: __, ...featureInputs } = inputs;
  const executable = await cpu.compile(
    ({ weights, parameters, inputs }) => ({
      logits: backbone.head!.classify(backbone.forward(weights, inputs, {}), parameters),
      ...Object.fromEntries(backbone.hiddenStates!(weights, inputs, {}).map((state, at) => [`state ${at}`, state])),
    }),
    { weights: backbone.stored, parameters: shapes, inputs: backbone.inputs },
    { threads: 1 },
  );
  const actual = await executable.run({ parameters: head, inputs: featureInputs });
  await executable.release();
  assertNear(actual.logits, base.logits, 1e-4, "logits");
  const layers = backbone.keyValueWidths.length;
  for (let at = 0; at <= layers; at++) {
    const expected = at === layers ? base.last_hidden_state : base[`hidden_states.${at}`];
    assertNear(reference.unpadded(actual[`state ${at}`]), reference.unpadded(expected), 1e-4, `hidden state ${at}`);
  }
}

/** Logits, loss, gradients, steps and merged weights of a case. */
export async function compareCase(reference: Golden, method: string): Promise<void> {
  const folder = `${reference.root}/${reference.arch}/${reference.task}/${method}`;
  const golden: Case = JSON.parse(await Deno.readTextFile(`${folder}/case.json`));
  const values = await readValues(`${folder}/values.safetensors`);
  const { parts, rename } = await reference.readParts(folder, golden);
  const model = await reference.trainable(parts, golden.adamw.lr);
  const { inputs } = model;
  const start = rename(await reference.startOf(folder, golden));
  const names = model.parameters.map(({ name }) => name);
  assert.deepEqual(Object.keys(start).sort(), [...names].sort());
  assert.equal(Object.values(start).reduce((sum, { length }) => sum + length, 0), golden.trainable);

  const { signature, program } = model.loss;
  const executable = await cpu.compile(
    (args) => ({ ...model.logits(args), ...program(args) }),
    signature,
    { gradients: true, threads: 1 },
  );
  const state = await TrainingState.create(
    model.parameters.map(({ name, shape }) => ({ name, shape, learningRate: golden.adamw.lr })),
  );
  for (const name of names) state.parameters[name].set(start[name]);
  const { betas: [beta1, beta2], eps: epsilon, weight_decay: weightDecay } = golden.adamw;
  const losses: number[] = [];
  for (let step = 0; step <= golden.steps; step++) {
    const actual = await executable.run({ inputs, parameters: state.parameters, gradients: state.gradients });
    losses.push(actual.loss[0]);
    if (step === 0) {
      assertNear(reference.cut(actual.logits, values.logits), values.logits, 1e-4, "logits");
      assertNear(actual.loss, values.loss, 1e-4, "loss");
      compareParameters("grad", state.gradients, golden, values, rename, 1e-3);
    }
    if (step < golden.steps) state.step(1, { beta1, beta2, epsilon, weightDecay, clip: Infinity });
  }
  await executable.release();
  assertNear(
    Float32Array.from(losses),
    values.step_losses,
    1e-3 * largest(values.step_losses),
    "losses of the steps",
  );
  compareParameters("final", state.parameters, golden, values, rename, 0);
  for (const { name } of golden.params) {
    const change = values[`change_norm.${name}`];
    if (!change) continue;
    const actual = norm(state.parameters[name].map((value, at) => value - start[name][at]));
    // Biases of keys hardly move: their gradient is zero but for rounding.
    assertNear(Float32Array.of(actual), change, 1e-3 * Math.max(change[0], golden.adamw.lr), `change of ${name}`);
  }
  // A language model gives the same logits with the method merged into its weights as beside them.
  const merged = values.merged_logits ??
    (reference.task === "s2s" && parts.length === 1 && parts[0].method.merged && values.logits);
  if (merged) await compareMerged(reference, parts[0], start, values, merged);
}

/** Greedy continuations by the untouched language model and by each adapter that is compared. */
export async function compareGeneration(reference: Golden, cases: readonly string[]): Promise<void> {
  const { root, arch, backbone } = reference;
  const all = await readGenerated(`${root}/${arch}/generate.json`);
  for (const [name, { input_ids: ids, output_ids: expected, attention_mask: mask }] of Object.entries(all)) {
    const adapted = !name.startsWith("base");
    if (adapted && !cases.includes(name)) continue;
    const folder = `${root}/${arch}/${reference.task}/${name}`;
    const golden: Case | undefined = adapted && JSON.parse(await Deno.readTextFile(`${folder}/case.json`));
    const { parts, rename } = golden ? await reference.readParts(folder, golden) : { parts: [], rename: () => ({}) };
    const model = asLanguageModel(backbone);
    const adaptation = compose(parts, model);
    const parameters = golden ? rename(await reference.startOf(folder, golden)) : {};
    // PEFT pads texts on the left, reference project on the right.
    const isText = (row: number) => (_: number, at: number) => mask?.[row][at] !== 0;
    const texts = ids.map((row, at) => row.filter(isText(at)));
    const first = reference.task === "s2s" ? 1 : 0;
    const tokens = expected[0].length - (first || ids[0].length);
    const options = { device: cpu, threads: 1, parameters, tokens };
    const trainable = trainableLanguageModel(model, adaptation, await storeFrozen(adaptation));
    const generated = await generate(model, adaptation, trainable, texts, options);
    // The token that an encoder-decoder starts with is not generated.
    const written = expected.map((row, at) => first ? row.slice(first) : row.filter(isText(at)));
    assert.deepEqual(generated, written, `generation of ${name}`);
  }
}

/** Gradients or final values; of tall matrices some cases keep the first rows and the norm alone. */
function compareParameters(
  kind: "grad" | "final",
  actual: Values,
  { params }: Case,
  values: Values,
  rename: (values: Values) => Values,
  floor: number,
): void {
  const whole: Values = {};
  for (const { name } of params) {
    const [all, rows] = [values[`${kind}.${name}`], values[`${kind}_rows.${name}`]];
    if (all) whole[name] = all;
    // Cases that keep rows alone train weights in place, whose names need no renaming.
    else {assertNear(
        actual[name].subarray(0, rows.length),
        rows,
        1e-3 * Math.max(largest(rows), floor),
        `${kind} of ${name}`,
      );}
    const length = values[`${kind}_norm.${name}`];
    if (length) {
      assertNear(Float32Array.of(norm(actual[name])), length, 1e-3 * Math.max(length[0], floor), `norm of ${name}`);
    }
  }
  const expected = Object.keys(whole).length === params.length ? rename(whole) : whole;
  for (const [name, values] of Object.entries(expected)) {
    assertNear(actual[name], values, 1e-3 * Math.max(largest(values), floor), `${kind} of ${name}`);
  }
}

/** Scores of an encoder-decoder, row by row. */
function scoresOf(reference: Golden, weights: Tensors, inputs: Tensors): Tensor {
  const { decoder } = reference.lastStates({ weights, inputs });
  return asLanguageModel(reference.backbone).languageModel.scores(weights, decoder.reshape([-1, decoder.shape[2]!]));
}

/** The method folded into the weights. */
async function compareMerged(
  reference: Golden,
  { method, options }: Part,
  start: Values,
  values: Values,
  expected: Float32Array,
): Promise<void> {
  const { backbone, inputs } = reference;
  const weights = await eagerWeights(backbone);
  const tensor = (data: Float32Array, shape: readonly number[]) => tf.tensor(data, [...shape]);
  tf.tidy(() => {
    const parameters: Tensors = Object.fromEntries(
      method.parameters(backbone, options).map((
        { name, shape },
      ) => [name, tensor(start[`${method.name}/${name}`], shape)]),
    );
    for (const { name, shape, draw } of method.frozen?.(backbone, options) ?? []) {
      parameters[name] = tensor(draw(options.projectionSeed!), shape);
    }
    const merged = method.merged!(parameters, weights, backbone, options);
    const inputTensors = Object.fromEntries(
      Object.entries(inputs).map(([name, { data, shape }]) =>
        [name, tf.tensor(data, [...shape], data instanceof Int32Array ? "int32" : "float32")] as const
      ),
    );
    const all = { ...weights, ...merged };
    const logits = () => {
      if (reference.task !== "cls") return scoresOf(reference, all, inputTensors);
      const head = backbone.head!.parameters(reference.labels.length).map(({ name, shape }) =>
        [name, tensor(start[name], shape)] as const
      );
      return backbone.head!.classify(backbone.forward(all, inputTensors, {}), Object.fromEntries(head));
    };
    const actual = reference.cut(logits().dataSync() as Float32Array, expected);
    assertNear(actual, expected, 1e-4, "logits of the merged weights");
    for (const [name, expected] of Object.entries(values)) {
      if (!name.startsWith("merged_weight.")) continue;
      const actual = merged[name.slice("merged_weight.".length)];
      assertNear(actual.dataSync() as Float32Array, expected, 1e-4, name);
    }
  });
  tf.dispose(weights);
}
