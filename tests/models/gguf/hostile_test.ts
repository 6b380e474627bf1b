import assert from "node:assert/strict";
import fc from "fast-check";
import process from "node:process";
import { findFolder } from "../../../models/mod.ts";
import { makeFolder } from "../folder/copies.ts";
import { valuesOf } from "./fixture.ts";
import { tinyLlama, writeGguf } from "./write-file.ts";
import "../test-cache.ts";

/**
 * Bytes that hostile files may add to resident memory: they claim a GiB and more, 200 MB are ordinary garbage, and other tests share
 * the process.
 */
const MEMORY = 600e6;
/** Milliseconds of processor time, of all threads, that one may take: 4 s are ordinary on a slow machine. */
const LONGEST = 20_000;
/** Milliseconds of a core that this process has taken: under load, less than has passed. */
const taken = () => (({ user, system }) => (user + system) / 1000)(process.cpuUsage());

const { bytes: valid, fields } = writeGguf(tinyLlama());
const absurd = fc.oneof(
  fc.constantFrom(
    0n,
    1n,
    9n,
    31n,
    1n << 20n,
    1n << 31n,
    (1n << 32n) - 1n,
    1n << 40n,
    1n << 53n,
    1n << 63n,
    (1n << 64n) - 1n,
  ),
  fc.bigInt(0n, 40n),
  fc.bigInt(0n, (1n << 64n) - 1n),
);
const change = fc.oneof(
  { weight: 3, arbitrary: fc.record({ field: fc.nat(fields.length - 1), value: absurd }) },
  { weight: 3, arbitrary: fc.record({ at: fc.nat(valid.length - 1), bit: fc.nat(7) }) },
  { weight: 1, arbitrary: fc.record({ length: fc.nat(valid.length - 1) }) },
  { weight: 1, arbitrary: fc.record({ at: fc.nat(valid.length - 1), insert: fc.uint8Array({ maxLength: 40 }) }) },
);

/** A valid file with changes. */
function hostile(changes: readonly (typeof change extends fc.Arbitrary<infer T> ? T : never)[]): Uint8Array {
  let bytes = valid.slice();
  for (const each of changes) {
    if ("field" in each) {
      const { at, bytes: width } = fields[each.field];
      if (at + width > bytes.length) continue;
      const view = new DataView(bytes.buffer);
      if (width === 4) view.setUint32(at, Number(each.value & 0xffffffffn), true);
      else view.setBigUint64(at, each.value, true);
    } else if ("bit" in each) bytes[each.at] ^= 1 << each.bit;
    else if ("length" in each) bytes = bytes.slice(0, each.length);
    else bytes = Uint8Array.from([...bytes.slice(0, each.at), ...each.insert, ...bytes.slice(each.at)]);
  }
  return bytes;
}

Deno.test("each of 500 hostile GGUF files is read or refused in one sentence, in little memory and time", async () => {
  const folder = await makeFolder({});
  const path = `${folder}/hostile.gguf`;
  const before = Deno.memoryUsage().rss;
  let read = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
      await Deno.writeFile(path, hostile(changes));
      const before = taken();
      try {
        const model = await findFolder(path);
        read++;
        const values = await valuesOf(`${model.folder}/model.safetensors`);
        assert(Object.values(values).every((of) => of.every(Number.isFinite)));
        await Deno.remove(model.folder!, { recursive: true });
      } catch (error) {
        assert(error instanceof Error);
        assert.equal(error.constructor, Error, String(error));
        assert.match(error.message, /^Cannot [^\n]{1,600}$/);
      }
      assert(taken() - before < LONGEST, `${taken() - before} ms`);
    }),
    { numRuns: 500, seed: 5 },
  );
  assert(read > 25 && read < 475, `${read} of 500 were read`);
  const grown = Deno.memoryUsage().rss - before;
  assert(grown < MEMORY, `resident memory grew by ${grown} bytes`);
});

Deno.test("sizes that a large file only claims are refused in little memory and time", async () => {
  const folder = await makeFolder({});
  const string = (
    text: string,
  ) => [...new Uint8Array(new BigUint64Array([BigInt(text.length)]).buffer), ...new TextEncoder().encode(text)];
  const u32 = (value: number) => [...new Uint8Array(new Uint32Array([value]).buffer)];
  const u64 = (value: number) => [...new Uint8Array(new BigUint64Array([BigInt(value)]).buffer)];
  const start = (
    tensors: number,
    keys: number,
  ) => [...new TextEncoder().encode("GGUF"), ...u32(3), ...u64(tensors), ...u64(keys)];
  const array = (
    type: number,
    count: number,
  ) => [...start(0, 1), ...string("a"), ...u32(9), ...u32(type), ...u64(count)];
  // 1 GiB of zeros on no disk.
  const cases: [number[], RegExp][] = [
    [start(1 << 30, 0), /at most 65536 tensors/],
    [start(1, 1 << 30), /at most 65536 keys/],
    [start(60000, 0), /each tensor|must have 1 to 4 axes/],
    [[...start(0, 1), ...u64(1 << 29)], /a string must have at most 1048576 bytes/],
    [array(8, 1 << 28), /its arrays must have at most 2097152 entries, a has 268435456$/],
    [array(9, 1 << 20), /values must be of a known type, a is of the type number 9$/],
    [array(8, 1 << 21), /^Error: Cannot /],
    [array(12, 1 << 21), /^Error: Cannot /],
    [array(0, 2 ** 60), /its arrays must have at most/],
  ];
  const path = `${folder}/large.gguf`;
  const before = Deno.memoryUsage().rss;
  for (const [bytes, message] of cases) {
    await Deno.writeFile(path, Uint8Array.from(bytes));
    await Deno.truncate(path, 2 ** 30);
    const started = taken();
    await assert.rejects(findFolder(path), message);
    assert(taken() - started < LONGEST);
  }
  await Deno.remove(path);
  const grown = Deno.memoryUsage().rss - before;
  assert(grown < MEMORY, `resident memory grew by ${grown} bytes`);
});
