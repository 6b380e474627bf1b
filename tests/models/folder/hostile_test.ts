/**
 * Files as nobody should write them: whatever a header or a config holds, it is read or refused in one sentence.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { sizeOf } from "../../../base/shapes.ts";
import { readHeader } from "../../../engine/safetensors.ts";
import { readConfig } from "../../../models/config.ts";
import { architectures } from "../../../models/mod.ts";
import { goldenConfig, makeFolder } from "./copies.ts";

const folder = await makeFolder({});
const encoder = new TextEncoder();

/** Bytes that a run of hostile files may add to resident memory: far less than what their sizes claim. */
const MEMORY = 300e6;

/** Reads, or says in one short sentence why not. */
async function readOrRefuse<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    assert(error instanceof Error);
    assert.equal(error.constructor, Error, String(error));
    assert.match(error.message, /^Cannot [^\n]{1,600}$/);
    return null;
  }
}

async function withinMemory(work: () => Promise<void>): Promise<void> {
  const before = Deno.memoryUsage().rss;
  await work();
  const grown = Deno.memoryUsage().rss - before;
  assert(grown < MEMORY, `resident memory grew by ${grown} bytes`);
}

const size = fc.oneof(
  fc.nat(20),
  fc.constantFrom(-1, 0.5, 2 ** 31, 2 ** 40, 2 ** 53, 2 ** 62, 1e308, "2", null, true, [], {}),
);
const offset = fc.oneof(fc.nat(200), size);
const name = fc.oneof(
  fc.string({ maxLength: 10 }),
  fc.constantFrom("__proto__", "constructor", "__metadata__", "a", "b", "x".repeat(5000), "\u0000", "../a"),
);
const tensor = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      dtype: fc.oneof(
        { weight: 3, arbitrary: fc.constantFrom("F32", "F16", "BF16", "I64", "U8") },
        { weight: 1, arbitrary: fc.constantFrom("F7", "", "toString", "__proto__", 32, null) },
      ),
      shape: fc.oneof({ weight: 4, arbitrary: fc.array(size, { maxLength: 10 }) }, {
        weight: 1,
        arbitrary: fc.jsonValue(),
      }),
      data_offsets: fc.oneof({ weight: 4, arbitrary: fc.tuple(offset, offset) }, {
        weight: 1,
        arbitrary: fc.array(offset, { maxLength: 3 }),
      }),
    }, { requiredKeys: ["dtype", "shape"] }),
  },
  // What a reader takes, one after the other.
  {
    weight: 4,
    arbitrary: fc.tuple(fc.nat(5), fc.nat(5), fc.nat(40)).map(([rows, columns, start]) => (
      { dtype: "F32", shape: [rows, columns], data_offsets: [start, start + 4 * rows * columns] }
    )),
  },
  { weight: 1, arbitrary: fc.jsonValue() },
);
const header = fc.oneof(
  { weight: 8, arbitrary: fc.dictionary(name, tensor, { maxKeys: 4 }).map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: fc.json() },
  { weight: 1, arbitrary: fc.string() },
  { weight: 1, arbitrary: fc.constantFrom("[".repeat(1e5), '{"a":'.repeat(1e5), `{"a":"${"x".repeat(1e6)}"}`) },
);
/** The length that the file claims for its header, where it is not the true one. */
const claimed = fc.oneof({ weight: 8, arbitrary: fc.constant(null) }, {
  weight: 1,
  arbitrary: fc.bigInt(0n, 2n ** 64n - 1n),
}, {
  weight: 1,
  arbitrary: fc.bigInt(0n, 100n),
});

Deno.test("each of 1,000 hostile safetensors headers is read or refused in one sentence, in little memory", () =>
  withinMemory(async () => {
    const path = `${folder}/a.safetensors`;
    let read = 0;
    await fc.assert(
      fc.asyncProperty(header, claimed, fc.nat(200), fc.nat(30), async (text, length, data, cut) => {
        const json = encoder.encode(text);
        const file = new Uint8Array(8 + json.length + data);
        new DataView(file.buffer).setBigUint64(0, length ?? BigInt(json.length), true);
        file.set(json, 8);
        const bytes = cut === 0 ? file.subarray(0, Math.floor(file.length / 2)) : file;
        await Deno.writeFile(path, bytes);
        const entries = await readOrRefuse(() => readHeader(path));
        if (entries === null || Object.keys(entries).length === 0) return;
        read++;
        const ends: [number, number][] = Object.values(entries).map(({ dtype, shape, offset }) => {
          const width = { F32: 4, F16: 2, BF16: 2, I64: 8, U8: 1 }[dtype as string]!;
          return [offset, offset + width * sizeOf(shape)];
        });
        ends.sort(([a, b], [c, d]) => a - c || b - d);
        ends.forEach(([start, end], at) => {
          assert(start >= 8 && end <= bytes.length);
          assert(at === 0 || start >= ends[at - 1][1] || start === end || ends[at - 1][0] === ends[at - 1][1]);
        });
      }),
      { numRuns: 1000, seed: 5 },
    );
    assert(read > 25, `only ${read} were read`);
  }));

const value = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(-1, 0, 0.5, 1, 2, 3, 8, 2 ** 20, 2 ** 24, 2 ** 31, 1e308, "1", "gelu", "x".repeat(5000)),
  fc.nat(64),
);

/** Texts of a config.json that differ from the golden model's in some way, with the architecture to read them. */
async function hostileConfig(architecture: string): Promise<fc.Arbitrary<[string, string]>> {
  const golden = await goldenConfig(architecture);
  const keys = [
    ...Object.keys(golden),
    "quantization_config",
    "rope_scaling",
    "rope_theta",
    "torch_dtype",
    "__proto__",
  ];
  const changes = fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: 3 });
  const text = fc.oneof(
    { weight: 8, arbitrary: changes.map((changed) => JSON.stringify({ ...golden, ...changed })) },
    {
      weight: 2,
      arbitrary: fc.subarray(Object.keys(golden)).map((kept) =>
        JSON.stringify(Object.fromEntries(kept.map((key) => [key, golden[key]])))
      ),
    },
    { weight: 1, arbitrary: fc.json() },
    { weight: 1, arbitrary: fc.string() },
    { weight: 1, arbitrary: fc.constantFrom("[".repeat(1e5), `{"model_type":"${"b".repeat(1e5)}"}`, " ".repeat(2e6)) },
  );
  return text.map((text) => [architecture, text]);
}

const configs = fc.oneof(...await Promise.all(Object.keys(architectures).sort().map(hostileConfig)));

Deno.test("each of 1,000 hostile configs describes a model or is refused in one sentence, in little memory", () =>
  withinMemory(async () => {
    let described = 0;
    await fc.assert(
      fc.asyncProperty(configs, async ([architecture, text]) => {
        await Deno.writeTextFile(`${folder}/config.json`, text);
        const design = await readOrRefuse(async () => architectures[architecture].design(await readConfig(folder)));
        if (design === null) return;
        described++;
        assert(Object.keys(design.weights).length < 20_000);
        for (const shape of Object.values(design.weights)) {
          // GPT-2's feed-forward network is four times as wide as the rest.
          assert(shape.every((size) => Number.isInteger(size) && size >= 1 && size <= 2 ** 26));
        }
        assert(design.keyValueWidths.every((width) => width % design.attentionHeads === 0));
        assert(design.maxLength >= 1);
      }),
      { numRuns: 1000, seed: 5 },
    );
    assert(described > 50 && described < 950, `${described} of 1,000 describe a model`);
  }));
