import assert from "node:assert/strict";
import { readStored } from "../../../engine/safetensors.ts";
import { type Adaptation, compose } from "../../../methods/adaptation/compose.ts";
import { methods } from "../../../methods/mod.ts";
import { storeFrozen } from "../../../runs/programs/frozen.ts";
import { inFolder } from "../../in-folder.ts";
import { type Variant, variant } from "../../methods/variants.ts";
import { tinyBackbone } from "../../models/use-lite/tiny.ts";

const backbone = await tinyBackbone(5);
const vera = (options: Record<string, unknown> = {}) => variant("vera", { rank: 3, projectionSeed: 1, ...options });
const adapt = (...parts: Variant[]) => compose(parts, backbone);

/** Calls `work` with an empty cache folder in place of the user's. */
async function withCache(work: (folder: string) => Promise<void>): Promise<void> {
  const before = Deno.env.get("TUNEBENCH_CACHE");
  await inFolder({}, async (folder) => {
    Deno.env.set("TUNEBENCH_CACHE", folder);
    try {
      await work(folder);
    } finally {
      if (before === undefined) Deno.env.delete("TUNEBENCH_CACHE");
      else Deno.env.set("TUNEBENCH_CACHE", before);
    }
  });
}

/** The file that the frozen tensors of an adaptation lie in. */
async function pathOf(adaptation: Adaptation): Promise<string> {
  const [first, ...others] = Object.values(await storeFrozen(adaptation));
  assert(others.every(({ path }) => path === first.path));
  return first.path;
}

Deno.test("stored frozen tensors have the values that the method draws", () =>
  withCache(async () => {
    const adaptation = adapt(vera());
    const stored = await storeFrozen(adaptation);
    assert.deepEqual(Object.keys(stored).sort(), ["vera/vera_A", "vera/vera_B"]);
    for (const { name, shape, draw } of adaptation.frozen) {
      assert.deepEqual(stored[name].shape, shape);
      assert.deepEqual(await readStored(stored[name]), draw());
    }
  }));

Deno.test("methods without frozen tensors store none, and create no cache", () =>
  withCache(async (folder) => {
    assert.deepEqual(await storeFrozen(adapt(variant("lora"))), {});
    assert.deepEqual(await Array.fromAsync(Deno.readDir(folder)), []);
  }));

Deno.test("frozen tensors are written once, and a damaged file is written again", () =>
  withCache(async () => {
    const adaptation = adapt(vera());
    const path = await pathOf(adaptation);
    const [bytes, { mtime, ino }] = [await Deno.readFile(path), await Deno.stat(path)];
    assert.equal(await pathOf(adaptation), path);
    const again = await Deno.stat(path);
    assert.deepEqual([again.mtime, again.ino], [mtime, ino]);

    await Deno.writeFile(path, bytes.map((byte, at) => at === bytes.length - 1 ? byte ^ 1 : byte));
    assert.equal(await pathOf(adaptation), path);
    assert.deepEqual(await Deno.readFile(path), bytes);
  }));

Deno.test("another seed, shape or version has another file; other options and methods do not matter", () =>
  withCache(async () => {
    const first = await pathOf(adapt(vera()));
    assert.equal(await pathOf(adapt(vera({ dInitial: 0.5, learningRate: 1 }))), first);
    assert.equal(await pathOf(adapt(vera(), variant("lora"))), first);
    const part = vera();
    const others = [
      adapt(vera({ projectionSeed: 2 })),
      adapt(vera({ rank: 4 })),
      adapt({ ...part, method: { ...methods.vera, version: 2 } }),
    ];
    const paths = await Promise.all(others.map(pathOf));
    assert.equal(new Set([first, ...paths]).size, 4);
  }));

Deno.test("frozen tensors whose seed is left to the run cannot be drawn", () =>
  withCache(async () => {
    await assert.rejects(storeFrozen(adapt(vera({ projectionSeed: null }))), {
      message: "Cannot draw the frozen tensors of vera: projectionSeed must be a whole number, current value is null",
    });
  }));
