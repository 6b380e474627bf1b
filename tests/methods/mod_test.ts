import assert from "node:assert/strict";
import { storedCount, storedForm } from "../../methods/adaptation/stored-form.ts";
import { isAtEdge, type Space, valueAt } from "../../base/search-space.ts";
import { sizeOf } from "../../base/shapes.ts";
import { type Tensor, type Tensors, tf } from "../../engine/tensor.ts";
import { methods } from "../../methods/mod.ts";
import { models } from "../../models/mod.ts";
import { difference, eagerFeatures, eagerWeights } from "../models/eager.ts";
import { tinyBackbone } from "../models/use-lite/tiny.ts";
import { frozenTensors, methodRows, startTensors, variant, variants } from "./variants.ts";

const backbone = await tinyBackbone(7);
const weights = await eagerWeights(backbone);
const encoded = await Array.fromAsync(["a text", "another, longer one"], (text) => backbone.encode(text, 32));
const keep = (_: string, x: Tensor) => x;

function total(shapes: readonly (readonly number[])[]): number {
  return shapes.reduce((sum, shape) => sum + sizeOf(shape), 0);
}

Deno.test("the table of methods has exactly the rows that are tested, each under its own name", () => {
  assert.deepEqual(
    Object.entries(methods).map(([name, method]) => [name, method.name]),
    Object.keys(methodRows).map((name) => [name, name]),
  );
});

Deno.test("what is untrained has neither tensors nor options of training, nor anything to tune", () => {
  const untrained = Object.values(methods).filter((method) => method.untrained);
  assert.deepEqual(untrained.map(({ name }) => name), ["hand-written", "in-context"]);
  for (const { options, space, parameters, trains, count } of untrained) {
    const parsed = options.parse({});
    const [shape] = [models["use-lite"].shape];
    assert.deepEqual([space, parameters(shape, parsed), trains(shape, parsed), count(shape, parsed)], [{}, [], [], 0]);
    assert.throws(() => options.parse({ epochs: 3 }));
  }
});

Deno.test("every method that is trained declares a space, in which its default lies away from the edges", () => {
  for (const [name, { options, space, untrained }] of Object.entries(methods)) {
    if (untrained) continue;
    const defaults: Record<string, unknown> = { ...options.parse({}) };
    const axes = Object.entries(space as Space);
    assert.deepEqual(axes.slice(0, 2).map(([option]) => option), ["learningRate", "epochs"], name);
    for (const [option, axis] of axes) {
      assert.ok(!isAtEdge(axis, defaults[option]), `${name}.${option}`);
      for (const place of [0, 0.999]) options.parse({ [option]: valueAt(axis, place) });
    }
  }
});

for (const one of variants) {
  const { title, method, options } = one;

  Deno.test(`${title} trains as many values as its closed form says`, () => {
    for (const shape of [backbone, models["use-lite"].shape]) {
      const added = total(method.parameters(shape, options).map((parameter) => parameter.shape));
      const inPlace = total(method.trains(shape, options).map((name) => shape.weights[name]));
      assert.equal(added + inPlace, method.count(shape, options));
    }
  });

  Deno.test(`${title} stores as many values as its closed form says`, async () => {
    const trained: Tensors = await startTensors(one, backbone);
    for (const name of method.trains(backbone, options)) trained[name] = weights[name];
    const { shapes, tensors } = storedForm(method, backbone, options);
    const stored = Object.entries(tensors(trained)).map(([name, { shape }]) => [name, shape] as const);
    assert.deepEqual(Object.fromEntries(stored), shapes);
    assert.equal(total(Object.values(shapes)), storedCount(method, backbone, options));
  });

  Deno.test(`${title} is stored so that its trained tensors can be restored, unless it stores an encoder's output`, async () => {
    const trained: Tensors = await startTensors(one, backbone, 0.1);
    for (const name of method.trains(backbone, options)) trained[name] = weights[name];
    const { tensors, parameters } = storedForm(method, backbone, options);
    assert.equal(
      parameters === undefined,
      "encoder" in options || "reparameterisation" in options && options.reparameterisation !== null,
    );
    if (!parameters) return;
    const again = parameters(tensors(trained));
    assert.deepEqual(Object.keys(again), Object.keys(trained));
    for (const [name, value] of Object.entries(again)) assert.deepEqual(value.dataSync(), trained[name].dataSync());
  });

  Deno.test(`${title} starts from values of its shapes, the same each time`, async () => {
    const [first, second] = [await startTensors(one, backbone), await startTensors(one, backbone)];
    for (const { name, shape } of method.parameters(backbone, options)) {
      assert.deepEqual(first[name].shape, shape);
      const values = first[name].dataSync();
      assert(values.every(Number.isFinite));
      assert.deepEqual(values, second[name].dataSync());
    }
  });

  Deno.test(`${title} draws the same frozen tensors of its shapes from a seed, others from another`, () => {
    for (const { name, shape, draw } of method.frozen?.(backbone, options) ?? []) {
      const values = draw(1);
      assert.equal(values.length, sizeOf(shape), name);
      assert.deepEqual(draw(1), values, name);
      assert.notDeepEqual(draw(2), values, name);
    }
    assert.equal(method.frozen !== undefined, "projectionSeed" in options);
  });

  Deno.test(`${title} ${method.identityAtStart ? "equals" : "differs from"} the backbone at the start`, async () => {
    const tensors = { ...await startTensors(one, backbone), ...frozenTensors(one, backbone) };
    const hooks = method.hooks(tensors, backbone, options, keep);
    const moved = difference(
      eagerFeatures(backbone, weights, encoded, hooks),
      eagerFeatures(backbone, weights, encoded),
    );
    assert(method.identityAtStart ? moved < 1e-6 : moved > 1e-4, `features moved by ${moved}`);
  });

  Deno.test(`${title} lets every parameter it adds change the features`, async () => {
    const parameters = await startTensors(one, backbone, 0.1);
    const frozen = frozenTensors(one, backbone);
    const read = (values: Tensors) =>
      eagerFeatures(backbone, weights, encoded, method.hooks({ ...values, ...frozen }, backbone, options, keep));
    const base = read(parameters);
    for (const name of Object.keys(parameters)) {
      const other = read({ ...parameters, [name]: tf.add(parameters[name], 0.3) });
      assert(difference(base, other) > 1e-6, `${name} changes nothing`);
    }
  });
}

for (const [name, { onUseLite }] of Object.entries(methodRows)) {
  Deno.test(`${name} trains as many values on use-lite as an independent implementation`, () => {
    const { method, options } = variant(name, onUseLite.options);
    assert.equal(method.count(models["use-lite"].shape, options), onUseLite.count);
  });
}
