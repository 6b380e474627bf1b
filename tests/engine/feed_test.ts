import assert from "node:assert/strict";
import { addRows, checkFeed } from "../../engine/feed.ts";
import { devices } from "../../engine/devices/mod.ts";
import type { ArrayValue, Feed, Signature } from "../../engine/types.ts";

const signature: Signature = {
  weights: {},
  parameters: { table: [7, 2] },
  inputs: {
    ids: { shape: ["batch", "length"], dtype: "int32", below: 7 },
    x: { shape: ["batch", 3], dtype: "float32" },
  },
};

const ids: ArrayValue = { data: new Int32Array([0, 6, 3, 3]), shape: [2, 2] };
const x: ArrayValue = { data: new Float32Array(6), shape: [2, 3] };

function feed(inputs: Record<string, ArrayValue>): Feed {
  return { parameters: { table: new Float32Array(14) }, inputs };
}

Deno.test("sizes are read from the inputs of a call, and are 1 where no input has them", () => {
  assert.deepEqual(checkFeed(signature, feed({ ids, x })), { batch: 2, length: 2, labels: 1 });
  const { x: onlyX } = signature.inputs;
  assert.deepEqual(checkFeed({ ...signature, inputs: { x: onlyX } }, feed({ x })), { batch: 2, length: 1, labels: 1 });
});

const wrong: [string, Record<string, ArrayValue>, RegExp][] = [
  [
    "a missing input",
    { ids },
    /^Error: Cannot run the program: input x must be float32 \[batch,3\] with batch 2 and length 2, current value is missing$/,
  ],
  [
    "another rank",
    { ids: { data: new Int32Array(2), shape: [2] }, x },
    /input ids must be int32 \[batch,length\], current value is 2 values of int32 as \[2\]$/,
  ],
  [
    "another fixed size",
    { ids, x: { data: new Float32Array(8), shape: [2, 4] } },
    /input x must be .*, current value is 8 values of float32 as \[2,4\]$/,
  ],
  [
    "another batch",
    { ids, x: { data: new Float32Array(9), shape: [3, 3] } },
    /input x must be .* with batch 2 and length 2, current value is .* \[3,3\]$/,
  ],
  [
    "too few values",
    { ids, x: { data: new Float32Array(5), shape: [2, 3] } },
    /current value is 5 values of float32 as \[2,3\]$/,
  ],
  [
    "another type",
    { ids: { data: new Float32Array(4), shape: [2, 2] }, x },
    /input ids must be int32 .*, current value is 4 values of float32/,
  ],
  [
    "an id as large as its table",
    { ids: { ...ids, data: new Int32Array([0, 1, 7, 2]) }, x },
    /ids of ids must be from 0 to 6, one is 7$/,
  ],
  [
    "a negative id",
    { ids: { ...ids, data: new Int32Array([0, -1, 2, 2]) }, x },
    /ids of ids must be from 0 to 6, one is -1$/,
  ],
];

for (const [what, inputs, message] of wrong) {
  Deno.test(`cpu and js refuse ${what} in one sentence, and run the next call`, async () => {
    for (const device of [devices.cpu, devices.js]) {
      const executable = await device.compile(
        ({ parameters, inputs }) => ({ rows: parameters.table.gather(inputs.ids as never).sum(), x: inputs.x.sum() }),
        signature,
        { threads: 1 },
      );
      await assert.rejects(executable.run(feed(inputs)), message);
      assert.deepEqual(await executable.run(feed({ ids, x })), { rows: new Float32Array(1), x: new Float32Array(1) });
      await executable.release();
    }
  });
}

Deno.test("rows are added to the rows of the table that their ids name, once for each occurrence of an id", () => {
  const table = new Float32Array(14).fill(1);
  addRows(table, [6, 2, 6], new Float32Array([1, 2, 10, 20, 100, 200]));
  assert.deepEqual([...table], [1, 1, 1, 1, 11, 21, 1, 1, 1, 1, 1, 1, 102, 203]);
});
