import assert from "node:assert/strict";
import { native } from "../../../engine/devices/native-runtime.ts";
import { createNativeSession } from "../../../engine/devices/native-session.ts";
import { fixed } from "../../../engine/graph/dim.ts";
import { orderExecution } from "../../../engine/graph/execution-order.ts";
import { Graph } from "../../../engine/graph/graph.ts";
import { encodeOnnx } from "../../../engine/graph/onnx.ts";

/** total = total + rows of x, gathered by ids, for tables of `size` values. */
function sumModel(size: number): Uint8Array {
  const graph = new Graph();
  const shape = [fixed(size)];
  const rows = graph.gather(graph.input("x", shape, "float32"), graph.input("ids", shape, "int32"), 0);
  return encodeOnnx(orderExecution({ total: graph.binary("Add", graph.input("total", shape, "float32"), rows) }), {});
}

Deno.test("a session reads the caller's arrays, and writes into them, also into one that it reads", async () => {
  const session = await createNativeSession({ model: sumModel(3), threads: 1 });
  assert.deepEqual([...session.inputNames].sort(), ["ids", "total", "x"]);
  const total = { data: Float32Array.of(100, 200, 300), shape: [3] };
  const inputs = {
    x: { data: Float32Array.of(1, 2, 3), shape: [3] },
    ids: { data: Int32Array.of(2, 2, 0), shape: [3] },
  };
  await session.run({ ...inputs, total }, { "output/total": total });
  assert.deepEqual([...total.data], [103, 203, 301]);
  await session.run({ ...inputs, total }, { "output/total": total });
  assert.deepEqual([...total.data], [106, 206, 302]);
  await session.release();
});

Deno.test("calls of one session at once do not disturb each other", async () => {
  const size = 1000;
  const session = await createNativeSession({ model: sumModel(size), threads: 2 });
  const results = await Promise.all(Array.from({ length: 50 }, async (_, call) => {
    const output = { data: new Float32Array(size), shape: [size] };
    await session.run({
      x: { data: new Float32Array(size).fill(call), shape: [size] },
      ids: { data: new Int32Array(size), shape: [size] },
      total: { data: Float32Array.from({ length: size }, (_, index) => index), shape: [size] },
    }, { "output/total": output });
    return output.data;
  }));
  results.forEach((data, call) => assert.ok(data.every((value, index) => value === call + index)));
  await session.release();
});

Deno.test("2,000 calls leave nothing behind in the runtime", async () => {
  const size = 100_000;
  const session = await createNativeSession({ model: sumModel(size), threads: 1 });
  const array = () => ({ data: new Float32Array(size), shape: [size] });
  const [x, total] = [array(), array()];
  const inputs = { x, total, ids: { data: new Int32Array(size), shape: [size] } };
  const run = async (times: number) => {
    for (let i = 0; i < times; i++) await session.run(inputs, { "output/total": total });
  };
  await run(20);
  const before = Deno.memoryUsage().rss;
  await run(2000);
  // A copy kept at each call would be 800 MB.
  assert.ok(Deno.memoryUsage().rss - before < 200e6);
  await session.release();
});

Deno.test("what the runtime refuses is thrown, and the next call works", async () => {
  await assert.rejects(createNativeSession({ model: Uint8Array.of(1, 2, 3), threads: 1 }), /protobuf/i);
  const session = await createNativeSession({ model: sumModel(2), threads: 1 });
  const two = { data: Float32Array.of(1, 2), shape: [2] };
  const ids = { data: Int32Array.of(0, 7), shape: [2] };
  await assert.rejects(session.run({ x: two, total: two, ids }, { "output/total": two }), /7/);
  await assert.rejects(session.run({ x: two, total: two }, { "output/total": two }), /ids|input/i);
  const wrong = { data: new Float32Array(3), shape: [3] };
  const inputs = { x: two, total: { ...two, data: two.data.slice() }, ids: { data: Int32Array.of(1, 0), shape: [2] } };
  await assert.rejects(session.run(inputs, { "output/total": wrong }), /shape|dimension/i);
  const total = { data: new Float32Array(2), shape: [2] };
  await session.run({ ...inputs, x: { data: Float32Array.of(5, 6), shape: [2] } }, { "output/total": total });
  assert.deepEqual([...total.data], [6 + inputs.total.data[0], 5 + inputs.total.data[1]]);
  await session.release();
});

Deno.test("the library says its version", () => assert.match(native().version, /^\d+\.\d+\.\d+$/));
