import assert from "node:assert/strict";
import { readSafetensors, readStored, writeSafetensors } from "../../engine/safetensors.ts";
import { inFolder } from "../in-folder.ts";

/** Calls `work` with the path of a file that does not exist yet. */
function withPath(work: (path: string) => Promise<void>): Promise<void> {
  return inFolder({}, (folder) => work(`${folder}/a.safetensors`));
}

const encoder = new TextEncoder();

Deno.test("tensors are read as they were written, aligned to 64 bytes and little-endian", () =>
  withPath(async (path) => {
    const tensors = {
      "layers.0.weight": { shape: [2, 3], data: new Float32Array([1, -2, 3.5, 0, -0, 1e-30]) },
      scalar: { shape: [], data: new Float32Array([7]) },
      "größe ✓": { shape: [1, 1], data: new Float32Array([NaN]) },
      empty: { shape: [0, 4], data: new Float32Array(0) },
      view: { shape: [2], data: new Float32Array([9, 8, 7, 6]).subarray(1, 3) },
    };
    await writeSafetensors(path, tensors);
    const stored = await readSafetensors(path);
    assert.deepEqual(Object.keys(stored), Object.keys(tensors));
    for (const [name, { shape, data }] of Object.entries(tensors)) {
      assert.deepEqual(stored[name].shape, shape);
      assert.deepEqual([...await readStored(stored[name])], [...data]);
    }
    assert.equal(stored["layers.0.weight"].offset % 64, 0);
    const bytes = await Deno.readFile(path);
    assert.deepEqual([...bytes.subarray(stored.scalar.offset, stored.scalar.offset + 4)], [0, 0, 0xe0, 0x40]);
  }));

Deno.test("the header is that of the format: length, JSON with dtype, shape, offsets and metadata, padded by spaces", () =>
  withPath(async (path) => {
    await writeSafetensors(path, { a: { shape: [2], data: new Float32Array(2) } }, { format: "pt", é: "ü" });
    const bytes = await Deno.readFile(path);
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, 8 + length));
    assert.deepEqual(JSON.parse(text), {
      __metadata__: { format: "pt", é: "ü" },
      a: { dtype: "F32", shape: [2], data_offsets: [0, 8] },
    });
    assert.match(text, /^\{.*\} *$/);
    assert.equal(bytes.length, 8 + length + 8);
  }));

function file(header: unknown, data = 16): Uint8Array {
  const text = encoder.encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

function withLength(length: bigint): Uint8Array {
  const bytes = file({});
  new DataView(bytes.buffer).setBigUint64(0, length, true);
  return bytes;
}

const tensor = { dtype: "F32", shape: [2], data_offsets: [0, 8] };
const inside = /^Error: Cannot read .*: tensor a must have a known type, a shape, and bytes inside the file$/;
const object = /^Error: Cannot read .*: its header must be a JSON object$/;

const hostile: [string, Uint8Array, RegExp][] = [
  ["nothing inside", new Uint8Array(0), /^Error: Cannot read .*: it is too short for a safetensors file$/],
  ["a truncated length", new Uint8Array(5), /^Error: Cannot read .*: it is too short for a safetensors file$/],
  ["a truncated header", file({ a: tensor }).subarray(0, 30), /its header claims \d+ bytes of a file of 30$/],
  ["an absurd header length", withLength(2n ** 64n - 1n), /its header claims \d+ bytes of a file of 26$/],
  ["a header length of zero", withLength(0n), object],
  ["invalid JSON", file('{"a": '), object],
  ["a list", file([tensor]), object],
  ["null", file("null"), object],
  [
    "invalid UTF-8",
    (() => {
      const bytes = file('{"a":1}');
      bytes[10] = 0xff;
      return bytes;
    })(),
    object,
  ],
  ["no offsets", file({ a: { dtype: "F32", shape: [2] } }), inside],
  ["null as a tensor", file({ a: null }), inside],
  ["another type", file({ a: { ...tensor, dtype: "F16", data_offsets: [0, 4] } }), /a must be float32, .* is F16$/],
  ["an unknown type", file({ a: { ...tensor, dtype: "F128" } }), inside],
  ["a type of an inherited name", file({ a: { ...tensor, dtype: "constructor" } }), inside],
  ["too many axes", file({ a: { ...tensor, shape: [2, 1, 1, 1, 1, 1, 1, 1, 1] } }), inside],
  ["offsets beyond the end", file({ a: { ...tensor, data_offsets: [12, 20] } }), inside],
  ["negative offsets", file({ a: { ...tensor, data_offsets: [-8, 0] } }), inside],
  ["fractional offsets", file({ a: { ...tensor, data_offsets: [0.5, 8.5] } }), inside],
  ["a backward range", file({ a: { ...tensor, data_offsets: [8, 0] } }), inside],
  ["a shape of another size", file({ a: { ...tensor, shape: [3] } }), inside],
  ["negative sizes", file({ a: { ...tensor, shape: [-1, -2] } }), inside],
  ["sizes as texts", file({ a: { ...tensor, shape: ["2"] } }), inside],
  [
    "overlapping tensors",
    file({ b: { ...tensor, data_offsets: [4, 12] }, a: tensor }),
    /^Error: Cannot read .*: tensors a and b must not overlap$/,
  ],
];

for (const [what, bytes, message] of hostile) {
  Deno.test(`a file with ${what} is refused in one sentence`, () =>
    withPath(async (path) => {
      await Deno.writeFile(path, bytes);
      await assert.rejects(readSafetensors(path), message);
    }));
}

Deno.test("a file that is cut off after its header was read is refused", () =>
  withPath(async (path) => {
    await Deno.writeFile(path, file({ a: tensor }, 8));
    const { a } = await readSafetensors(path);
    await Deno.truncate(path, a.offset + 5);
    await assert.rejects(readStored(a), /^Error: Cannot read .*: it ends inside a tensor$/);
  }));
