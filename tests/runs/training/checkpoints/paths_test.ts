import assert from "node:assert/strict";
import { checkpointPath, setAsidePath, sweepCheckpoints } from "../../../../runs/training/checkpoints/paths.ts";
import { inFolder } from "../../../in-folder.ts";

const [done, open] = ["0123456789abcdef", "fedcba9876543210"];

Deno.test("checkpoints of cells that have a record are removed, those of others stay", () =>
  inFolder({
    ...Object.fromEntries([done, open].flatMap((id) => [[checkpointPath("", id), ""], [setAsidePath("", id), ""]])),
    "checkpoints/notes.txt": "of a user",
  }, async (folder) => {
    await sweepCheckpoints(folder, (id) => id === done);
    const left = (await Array.fromAsync(Deno.readDir(`${folder}/checkpoints`))).map(({ name }) => name).sort();
    assert.deepEqual(left, [`${open}.checkpoint`, `${open}.checkpoint.unusable`, "notes.txt"]);
    await sweepCheckpoints(`${folder}/none`, () => true);
  }));
