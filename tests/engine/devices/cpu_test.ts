import assert from "node:assert/strict";
import { fromBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema } from "onnx-buf";
import { cpu } from "../../../engine/devices/cpu.ts";
import { lookedUpMatrices } from "../../../engine/graph/graph.ts";
import { lower } from "../../../engine/graph/lower.ts";
import { encodeOnnx } from "../../../engine/graph/onnx.ts";
import { readSafetensors, writeSafetensors } from "../../../engine/safetensors.ts";
import { orderExecution } from "../../../engine/graph/execution-order.ts";
import { tf } from "../../../engine/tensor.ts";
import type { Program, Signature } from "../../../engine/types.ts";
import { inFolder } from "../../in-folder.ts";
import { assertClose, compileBoth, randomFeed, runBoth } from "../compare.ts";

const signature: Signature = {
  weights: {},
  parameters: { w: [4, 5], b: [5], scale: [1] },
  inputs: { x: { shape: ["batch", "length", 4], dtype: "float32" } },
};

const program: Program = ({ inputs, parameters: { w, b, scale } }) => {
  const y = inputs.x.reshape([-1, 4]).matMul(w).add(b).tanh().mul(scale);
  return { loss: y.logSumExp(1).sum(), y };
};

Deno.test("the same call gives the same bits, whatever was called before and in every session", async () => {
  const options = { gradients: true, threads: 2 };
  const one = await cpu.compile(program, signature, options);
  const other = await cpu.compile(program, signature, options);
  const results = [];
  for (
    const [executable, batch, length] of [[one, 6, 7], [one, 1, 1], [one, 2, 30], [one, 6, 7], [other, 6, 7]] as const
  ) {
    const feed = randomFeed(signature, executable, batch, length);
    results.push({ outputs: await executable.run(feed), gradients: feed.gradients });
  }
  assert.deepEqual(results[3], results[0]);
  assert.deepEqual(results[4], results[0]);
  await Promise.all([one.release(), other.release()]);
});

Deno.test("gradients are added in place to the caller's arrays, and every call returns new outputs", async () => {
  const executable = await cpu.compile(program, signature, { gradients: true, threads: 1 });
  const feed = randomFeed(signature, executable, 3, 2);
  const first = await executable.run(feed);
  const { w, b, scale } = feed.gradients!;
  const once = [w, b, scale].map((values) => values.slice());
  assert.ok(once.every((values) => values.some((value) => value !== 0)));
  const kept = first.y.slice();
  const second = await executable.run(feed);
  const close = (value: number, expected: number) =>
    Math.abs(value - expected) <= 1e-5 * Math.max(1, Math.abs(expected));
  [w, b, scale].forEach((values, parameter) =>
    values.forEach((value, index) => assert.ok(close(value, 2 * once[parameter][index])))
  );
  assert.deepEqual(second, first);
  second.y.fill(0);
  assert.deepEqual(first.y, kept);
  await executable.release();
});

Deno.test("gradients are added to what an array already holds", async () => {
  const executable = await cpu.compile(
    ({ parameters: { b }, inputs: { x } }) => ({ loss: b.mul(x.onesLike().sum()).sum() }),
    { ...signature, parameters: { b: [5] } },
    { gradients: true, threads: 1 },
  );
  const feed = randomFeed({ ...signature, parameters: { b: [5] } }, executable, 2, 3);
  feed.gradients!.b.set([10, 20, 30, 40, 50]);
  await executable.run(feed);
  assert.deepEqual([...feed.gradients!.b], [34, 44, 54, 64, 74]);
});

Deno.test("parameters and gradients may be views of one WebAssembly memory", async () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const executable = await cpu.compile(program, signature, { gradients: true, threads: 1 });
  const apart = randomFeed(signature, executable, 3, 2);
  await executable.run(apart);
  const views = randomFeed(signature, executable, 3, 2);
  let offset = 64;
  for (const arrays of [views.parameters, views.gradients!]) {
    for (const [name, values] of Object.entries(arrays)) {
      arrays[name] = new Float32Array(memory.buffer, offset, values.length);
      arrays[name].set(values);
      offset += 64 * Math.ceil(values.byteLength / 64);
    }
  }
  await executable.run(views);
  assert.deepEqual(views.gradients, apart.gradients);
});

Deno.test("a parameter that is changed in place takes effect at the next call", async () => {
  const executable = await cpu.compile(({ parameters }) => ({ b: parameters.b.mul(2) }), signature, { threads: 1 });
  const feed = randomFeed(signature, executable, 1, 1);
  feed.parameters.b.set([1, 2, 3, 4, 5]);
  assert.deepEqual([...(await executable.run(feed)).b], [2, 4, 6, 8, 10]);
  feed.parameters.b.set([-1, 0, 1, 2, 3]);
  assert.deepEqual([...(await executable.run(feed)).b], [-2, 0, 2, 4, 6]);
});

Deno.test("sums over segments lose no row, and avoid the operator that does with several threads", async () => {
  const counting: Program = ({ inputs: { ids } }) => ({
    counts: tf.unsortedSegmentSum(tf.ones([ids.shape[0], 4]), ids as never, 3),
  });
  const only: Signature = {
    weights: {},
    parameters: {},
    inputs: { ids: { shape: ["batch"], dtype: "int32", below: 3 } },
  };
  // ONNX Runtime's ScatterND adds to repeated rows from several threads at once; one result in fifty is wrong.
  const operators = orderExecution(lower(counting, only, false).outputs).nodes.map(({ op }) => op);
  assert.deepEqual(operators.filter((op) => op.startsWith("Scatter")), ["ScatterElements"]);
  const executable = await cpu.compile(counting, only, { threads: 2 });
  const ids = new Int32Array(30_000).map((_, at) => at % 3);
  const { counts } = await executable.run({ parameters: {}, inputs: { ids: { data: ids, shape: [30_000] } } });
  assert.deepEqual(counts, new Float32Array(3 * 4).fill(10_000));
});

Deno.test("weights are read from the places in their file", () =>
  inFolder({}, async (folder) => {
    const path = `${folder}/weights.safetensors`;
    const first = { shape: [3], data: new Float32Array([1, 2, 3]) };
    const second = { shape: [2, 3], data: new Float32Array([4, 5, 6, 7, 8, 9]) };
    await writeSafetensors(path, { first, second });
    const executable = await cpu.compile(
      ({ weights: { first, second } }) => ({
        sum: second.add(first),
        same: second,
        row: second.slice([1], [1]).add(first),
        last: second.slice([1], [1]).slice([0, 2], [1, 1]),
        few: first.slice([1], [2]).slice([1], [1]),
      }),
      { weights: await readSafetensors(path), parameters: {}, inputs: {} },
      { threads: 1 },
    );
    const outputs = await executable.run({ parameters: {}, inputs: {} });
    assert.deepEqual([...outputs.sum], [5, 7, 9, 8, 10, 12]);
    assert.deepEqual(outputs.same, second.data);
    assert.deepEqual([outputs.row, outputs.last, outputs.few].map((values) => [...values]), [[8, 10, 12], [9], [3]]);
    await executable.release();
  }));

Deno.test("products read a matrix whose rows are looked up where it is stored, with the results of js", () =>
  inFolder({}, async (folder) => {
    const path = `${folder}/weights.safetensors`;
    await writeSafetensors(path, {
      table: { shape: [7, 3], data: Float32Array.from({ length: 21 }, (_, at) => at % 5) },
    });
    const tied: Signature = {
      weights: await readSafetensors(path),
      parameters: { shift: [3] },
      inputs: { ids: { shape: ["batch"], dtype: "int32", below: 7 } },
    };
    const scores: Program = ({ weights: { table }, parameters: { shift }, inputs: { ids } }) => {
      const logits = table.gather(ids).add(shift).matMul(table, false, true);
      return { loss: logits.logSumExp(1).sum(), logits };
    };
    const { nodes, outputs } = orderExecution(lower(scores, tied, true).outputs);
    const model = encodeOnnx({ nodes, outputs }, tied.weights, folder, lookedUpMatrices(nodes));
    const { initializer, input } = fromBinary(ModelProtoSchema, model).graph!;
    const mayChange = new Set(input.map(({ name }) => name));
    // Other initialisers, the constants, do not change, so the runtime lays them out.
    assert.deepEqual(initializer.filter(({ name }) => mayChange.has(name)).map(({ dims }) => dims), [[7n, 3n]]);
    const executables = await compileBoth(scores, tied, true);
    const [recorded, plain] = await runBoth(executables, tied, 4, 1);
    assertClose(recorded.outputs, plain.outputs, 1e-5, "outputs");
    assertClose(recorded.gradients, plain.gradients, 1e-5, "gradients");
    for (const executable of executables) await executable.release();
  }));

Deno.test("weights of one program may lie in several folders", () =>
  inFolder({ "a/empty": "", "b/c/empty": "" }, async (folder) => {
    const data = new Float32Array([1, 2]);
    await writeSafetensors(`${folder}/a/w`, { a: { shape: [2], data } });
    await writeSafetensors(`${folder}/b/c/w`, { b: { shape: [2], data } });
    const weights = { ...await readSafetensors(`${folder}/a/w`), ...await readSafetensors(`${folder}/b/c/w`) };
    const executable = await cpu.compile(
      ({ weights }) => ({ sum: weights.a.add(weights.b) }),
      { weights, parameters: {}, inputs: {} },
      { threads: 1 },
    );
    assert.deepEqual([...(await executable.run({ parameters: {}, inputs: {} })).sum], [2, 4]);
    await executable.release();
  }));

Deno.test("outputs may share a value, a name with an input, and a type that is not float32", async () => {
  const outputs: Program = ({ inputs: { x } }) => {
    const y = x.abs();
    return { x: y, again: y, unchanged: x, positive: x.greater(0), place: x.argMax(-1) };
  };
  for (const executable of await compileBoth(outputs, signature)) {
    const feed = randomFeed(signature, executable, 1, 1);
    feed.inputs.x.data.set([0, 1, -1, 0.5]);
    assert.deepEqual(await executable.run(feed), {
      x: new Float32Array([0, 1, 1, 0.5]),
      again: new Float32Array([0, 1, 1, 0.5]),
      unchanged: new Float32Array([0, 1, -1, 0.5]),
      positive: new Float32Array([0, 1, 0, 1]),
      place: new Float32Array([1]),
    });
  }
});

Deno.test("a released program can no longer be run", async () => {
  const executable = await cpu.compile(program, signature, { threads: 1 });
  const feed = randomFeed(signature, executable, 1, 1);
  await executable.run(feed);
  for (let time = 0; time < 2; time++) await executable.release();
  await assert.rejects(executable.run(feed), { message: "Cannot run a program: it must not be released before" });
});
