import assert from "node:assert/strict";
import {
  type ArraysOf,
  type CheckpointOwner,
  type CheckpointState,
  openCheckpoint,
  writeCheckpoint,
} from "../../../../runs/training/checkpoints/file.ts";
import { inFolder } from "../../../in-folder.ts";
import { environment } from "./saving.ts";

const owner: CheckpointOwner = {
  id: "0123456789abcdef",
  environment,
  parameters: [{ name: "a", shape: [2, 3] }, { name: "b", shape: [] }],
};
const state: CheckpointState = {
  course: { stepLoss: [0.1, 1 / 3], seconds: 1.5, tokens: 20, padding: 3 },
  validation: [{ accuracy: 0.5 }],
  best: { epoch: 1, loss: { value: 0.25 } },
  seconds: { compile: 1, evaluate: 2 },
  parts: [{ started: "2026-11-29T10:00:00.000Z", seconds: 4.5 }],
};
const kinds: ArraysOf[] = ["parameters", "first", "second", "best"];
const arraysOf = (kind: ArraysOf) => ({
  a: Float32Array.from({ length: 6 }, (_, at) => 10 * kinds.indexOf(kind) + at / 3),
  b: Float32Array.of(-kinds.indexOf(kind)),
});
const write = (path: string) => writeCheckpoint(path, owner, state, (kind) => Promise.resolve(arraysOf(kind)));

Deno.test("a checkpoint holds what was written, to the last bit, and replaces the one before", () =>
  inFolder({ "checkpoints/x": "before" }, async (folder) => {
    const path = `${folder}/checkpoints/x`;
    await write(path);
    using open = await openCheckpoint(path, owner);
    assert.deepEqual(open.state, state);
    for (const kind of kinds.toReversed()) {
      const { a, b } = arraysOf(kind);
      assert.deepEqual([await open.load(kind, "b"), await open.load(kind, "a")], [b, a]);
    }
    assert.deepEqual((await Array.fromAsync(Deno.readDir(`${folder}/checkpoints`))).map(({ name }) => name), ["x"]);
  }));

/** Replaces text in the first line. */
const replacing = (what: RegExp | string, by: string) => (bytes: Uint8Array) => {
  const end = bytes.indexOf(0x0a);
  const line = new TextDecoder().decode(bytes.subarray(0, end));
  assert.notEqual(line.replace(what, by), line);
  return Uint8Array.of(...new TextEncoder().encode(line.replace(what, by)), ...bytes.subarray(end));
};
const other = (changes: Partial<CheckpointOwner["environment"]>) => ({
  ...owner,
  environment: { ...environment, ...changes },
});

/** What is wrong, what is done to the file, why it is of no use then, and to whom. */
const wrong: [string, (bytes: Uint8Array) => Uint8Array, RegExp, CheckpointOwner?][] = [
  ["cut short", (bytes) => bytes.slice(0, -1), /^it must have \d+ bytes, it has \d+$/],
  ["longer", (bytes) => Uint8Array.of(...bytes, 0), /^it must have \d+ bytes, it has \d+$/],
  ["empty", () => new Uint8Array(), /^it must begin with a line of JSON, it has none$/],
  ["no JSON", replacing("{", "["), /^it must begin with a line of JSON, it has none$/],
  [
    "a changed value",
    (bytes) => bytes.with(bytes.length - 40, bytes.at(-40)! ^ 1),
    /^it must have the SHA-256 at its end/,
  ],
  [
    "a changed checksum",
    (bytes) => bytes.with(bytes.length - 1, bytes.at(-1)! ^ 1),
    /^it must have the SHA-256 at its end/,
  ],
  ["a changed loss", replacing("[0.1,", "[0.2,"), /^it must have the SHA-256 at its end/],
  ["another version", replacing('"version":1', '"version":2'), /^its first line is of another form, version/],
  [
    "another run",
    replacing(owner.id, "f".repeat(16)),
    /^it must be of the run 0123456789abcdef, it is of another one$/,
  ],
  ["another TuneBench", (bytes) => bytes, /same TuneBench/, other({ suite: { ...environment.suite, version: "2" } })],
  ["other libraries", (bytes) => bytes, /the same libraries/, other({ versions: { deno: "2" } })],
  ["another processor", (bytes) => bytes, /the same processor/, other({ processor: "two" })],
  ["other tensors", (bytes) => bytes, /^it must hold the tensors that are trained/, {
    ...owner,
    parameters: [{ name: "a", shape: [3, 2] }, { name: "b", shape: [] }],
  }],
];

for (const [what, change, reason, whose = owner] of wrong) {
  Deno.test(`a checkpoint with a fault is refused with the reason: ${what}`, () =>
    inFolder({}, async (folder) => {
      const path = `${folder}/x`;
      await write(path);
      await Deno.writeFile(path, change(await Deno.readFile(path)));
      await assert.rejects(openCheckpoint(path, whose), { message: reason });
    }));
}
