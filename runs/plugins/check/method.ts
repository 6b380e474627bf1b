/**
 * The contract of a method, tried on a tiny model.
 * @module
 */
import { Random } from "../../../base/random.ts";
import { sizeOf } from "../../../base/shapes.ts";
import { cpu } from "../../../engine/devices/cpu.ts";
import type { ArrayValue, Executable, Feed } from "../../../engine/types.ts";
import { type Adaptation, compose } from "../../../methods/adaptation/compose.ts";
import { storedCount, storedForm } from "../../../methods/adaptation/stored-form.ts";
import { parseOptions, seeded } from "../../../methods/shared/options.ts";
import type { CommonOptions, Method } from "../../../methods/types.ts";
import { models } from "../../../models/mod.ts";
import type { Backbone, BackboneShape } from "../../../models/types.ts";
import { toArrays, toTensors } from "../../adapters/tensors.ts";
import { type SignedProgram, type TrainableClassifier, trainableClassifier } from "../../programs/classifier.ts";
import { storeFrozen } from "../../programs/frozen.ts";
import { requireDerivative } from "./gradient.ts";
import { tinyBackboneIn } from "./tiny-model.ts";
import { expect, type Rule } from "./types.ts";

const LABELS = ["no", "maybe", "yes"];
const TEXTS = ["abc", "a longer text", "xyzzy"];

/** Greatest difference of features that rounding explains. */
const ROUNDING = 1e-5;

/** The method on the tiny model, ready to compute. */
interface Tried {
  backbone: Backbone;
  adaptation: Adaptation;
  model: TrainableClassifier;
}

/** The rules of a method. @param folder for files of the tiny model */
export function methodChecks(method: Method, folder: string): Rule[] {
  const { options } = seeded({ options: parseOptions(method, {}) }, 1);
  let opened: Promise<Tried> | undefined;
  const tried = () => opened ??= openTried(method, options, folder);
  return [
    ["it trains as many values as its closed form says", async () => {
      const { backbone } = await tried();
      const counts = [backbone, models["use-lite"].shape].map((shape) => requireCount(method, options, shape));
      return `${counts[0]} on a tiny model, ${counts[1]} on use-lite`;
    }],
    ["its start values have its shapes, are finite and the same each time", async () => {
      const { adaptation, model } = await tried();
      const [first, second] = [await model.start(1), await model.start(1)];
      for (const { name, shape } of adaptation.parameters) {
        expect(
          first[name].length === sizeOf(shape),
          `${name} has ${first[name].length} values, its shape ${sizeOf(shape)}`,
        );
        expect(first[name].every(Number.isFinite), `${name} has values that are not finite`);
        expect(first[name].every((value, at) => value === second[name][at]), `${name} differs from time to time`);
      }
      return `${adaptation.parameters.length} tensors`;
    }],
    ...method.frozen ? [frozenRule(method, options, async () => (await tried()).backbone)] : [],
    [
      method.identityAtStart
        ? "it computes at the start what the backbone does, as it claims"
        : "it changes at the start what the backbone computes, as it claims",
      async () => {
        const { model, backbone } = await tried();
        const [adapted] = await features(model.features, backbone, [await model.start(1)]);
        const [unchanged] = await features(model.backboneFeatures, backbone, [{}]);
        const moved = largestDifference(adapted, unchanged);
        expect((moved <= ROUNDING) === method.identityAtStart, `features move by ${moved.toPrecision(3)}`);
        return `features move by ${moved.toPrecision(3)}`;
      },
    ],
    ["everything that it trains changes what is computed", async () => {
      const { model, backbone, adaptation } = await tried();
      const values = nearStart(await model.start(1), 0.1);
      const moved = adaptation.parameters.map(({ name }) => ({
        ...values,
        [name]: values[name].map((value) => value + 0.3),
      }));
      const [base, ...others] = await features(model.features, backbone, [values, ...moved]);
      const idle = adaptation.parameters.find((_, at) => largestDifference(base, others[at]) === 0);
      expect(idle === undefined, `${idle?.name} changes nothing`);
      return `${adaptation.parameters.length} tensors`;
    }],
    ["its gradients are those of finite differences", async () => {
      const { model, backbone } = await tried();
      const { program, signature } = model.loss;
      const executable = await cpu.compile(program, signature, { gradients: true, threads: 1 });
      const tensors = await requireDerivative(executable, await batchOf(model, backbone, executable));
      await executable.release();
      return `central differences of the loss at up to 3 places of ${tensors} tensors`;
    }],
    ["what is stored of it gives it back", async () => {
      const { backbone, model } = await tried();
      return requireStored(method, options, backbone, await model.start(1));
    }],
  ];
}

/** The rule of tensors that are drawn and never trained. */
function frozenRule(method: Method, options: CommonOptions, open: () => Promise<BackboneShape>): Rule {
  return ["its frozen tensors are drawn from the seed alone", async () => {
    const frozen = method.frozen!(await open(), options);
    for (const { name, shape, draw } of frozen) {
      const [one, same, other] = [1, 1, 2].map((seed) => String(draw(seed)));
      expect(draw(1).length === sizeOf(shape), `${name} has another size than its shape`);
      expect(
        one === same && one !== other,
        `${name} is ${one === other ? "the same from every seed" : "never the same"}`,
      );
    }
    return `${frozen.length} tensors`;
  }];
}

async function openTried(method: Method, options: CommonOptions, folder: string): Promise<Tried> {
  const backbone = await tinyBackboneIn(folder, 3);
  const adaptation = compose([{ method, options }], backbone);
  const model = trainableClassifier(backbone, adaptation, LABELS, 0.05, await storeFrozen(adaptation));
  return { backbone, adaptation, model };
}

/** The number of values that a method trains. @throws {Error} if its closed form says another */
function requireCount(method: Method, options: CommonOptions, shape: BackboneShape): number {
  const count = method.count(shape, options);
  const added = method.parameters(shape, options).map((parameter) => parameter.shape);
  const trained = method.trains(shape, options).map((name) => {
    expect(Object.hasOwn(shape.weights, name), `it trains ${name}, which is no weight of the model`);
    return shape.weights[name];
  });
  const found = [...added, ...trained].reduce((sum, sizes) => sum + sizeOf(sizes), 0);
  expect(found === count, `count says ${count}, its tensors have ${found}`);
  return count;
}

/** Features of texts, with each of some values of the parameters. */
async function features(
  { program, signature }: SignedProgram,
  backbone: Backbone,
  values: readonly Record<string, Float32Array>[],
): Promise<Float32Array[]> {
  const executable = await cpu.compile(program, signature, { threads: 1 });
  const encoded = await Promise.all(TEXTS.map((text) => backbone.encode(text, backbone.maxLength)));
  const found: Float32Array[] = [];
  for (const one of values) {
    const parameters = Object.fromEntries(Object.keys(signature.parameters).map((name) => [name, one[name]]));
    found.push((await executable.run({ parameters, inputs: backbone.collate(encoded) })).features.slice());
  }
  await executable.release();
  return found;
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, at) => Math.max(most, Math.abs(value - b[at])), 0);
}

/** Values moved by normal numbers. */
function nearStart(values: Record<string, Float32Array>, deviation: number): Record<string, Float32Array> {
  const random = new Random(2, "near the start");
  return Object.fromEntries(
    Object.entries(values).map(([name, start]) => [name, start.map((value) => value + deviation * random.normal())]),
  );
}

/** A batch near the start, the classifier away from zero, so that there are gradients behind it. */
async function batchOf(model: TrainableClassifier, backbone: Backbone, { masks }: Executable): Promise<Feed> {
  const random = new Random(5, "batch");
  const start = await model.start(1);
  const head = nearStart(Object.fromEntries(model.head.map(({ name }) => [name, start[name]])), 0.3);
  const parameters = { ...nearStart(start, 0.02), ...head };
  const gradients = Object.fromEntries(
    Object.entries(parameters).map(([name, { length }]) => [name, new Float32Array(length)]),
  );
  const encoded = await Promise.all(TEXTS.map((text) => backbone.encode(text, backbone.maxLength)));
  const longest = Math.max(...encoded.map(({ length }) => length));
  const fixed: Record<string, ArrayValue> = {
    features: {
      data: Float32Array.from({ length: TEXTS.length * backbone.featureWidth }, () => random.normal()),
      shape: [TEXTS.length, backbone.featureWidth],
    },
  };
  const inputs = model.featuresFixed ? fixed : backbone.collate(encoded);
  for (const { name, rate, shape } of masks) {
    const sizes = shape(TEXTS.length, longest);
    const data = Float32Array.from({ length: sizeOf(sizes) }, () => random.uniform() < rate ? 0 : 1 / (1 - rate));
    inputs[name] = { data, shape: sizes };
  }
  inputs.labels = { data: Int32Array.of(0, 2, 1), shape: [TEXTS.length] };
  inputs.weights = { data: Float32Array.of(0.5, 0.3, 0.2), shape: [TEXTS.length] };
  return { inputs, parameters, gradients };
}

/** Stores start values and reads them again. @throws {Error} if they differ, or do not have the shapes that are said */
function requireStored(
  method: Method,
  options: CommonOptions,
  backbone: Backbone,
  start: Record<string, Float32Array>,
): string {
  const added = method.parameters(backbone, options).map(({ name, shape }) => ({
    key: `${method.name}/${name}`,
    name,
    shape,
  }));
  const inPlace = method.trains(backbone, options).map((name) => ({ key: name, name, shape: backbone.weights[name] }));
  const values = Object.fromEntries(
    [...added, ...inPlace].map(({ key, name, shape }) => [name, { shape, data: start[key] }]),
  );
  const { shapes, tensors, parameters, config } = storedForm(method, backbone, options);
  const stored = tensors(toTensors(values));
  const count = Object.values(shapes).reduce((sum, shape) => sum + sizeOf(shape), 0);
  const said = storedCount(method, backbone, options);
  expect(count === said, `${count} values are stored, the closed form says ${said}`);
  for (const [key, shape] of Object.entries(shapes)) {
    expect(
      String(stored[key]?.shape) === String(shape),
      `${key} must have the shape [${shape}], it has [${stored[key]?.shape}]`,
    );
  }
  const form = config ? "PEFT's form" : "its own form";
  if (!parameters) return `${count} values in ${form}; what an encoder computed is not taken back`;
  for (const [name, { data }] of Object.entries(toArrays(parameters(stored)))) {
    expect(data.every((value, at) => value === values[name].data[at]), `${name} comes back with other values`);
  }
  return `${count} values in ${form}`;
}
