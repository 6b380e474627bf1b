/** Disks that are really full, where one can be mounted. */
import assert from "node:assert/strict";
import { writeFolder, writeJson } from "../../base/write-files.ts";
import { bench } from "../../runs/launch/launcher.ts";
import { presets } from "../../runs/study/presets.ts";
import { fill, onSmallDisk } from "../small-disk.ts";

const ignore = !await onSmallDisk(() => Promise.resolve());
if (ignore) {
  console.error("Tests on a full disk are left out: no disk can be mounted here, which takes Linux and root.");
}
const names = (folder: string) => Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();

Deno.test({
  name: "a full disk is named, keeps the file that was there, and holds no part of a new one",
  ignore,
  async fn() {
    await onSmallDisk(async (disk) => {
      await writeJson(`${disk}/a.json`, "old");
      const large = "a".repeat(2 << 20);
      const message = (name: string) => `Cannot write ${disk}/${name}: its disk must have space left, it is full`;
      await assert.rejects(writeJson(`${disk}/a.json`, large), { message: message("a.json") });
      const write = (folder: string) => Deno.writeTextFile(`${folder}/b`, large);
      await assert.rejects(writeFolder(`${disk}/f`, write), { message: message("f") });
      assert.equal(await Deno.readTextFile(`${disk}/a.json`), '"old"\n');
      assert.deepEqual(names(disk), ["a.json"]);
    });
  },
});

Deno.test({
  name: "a cell whose results do not fit on the disk fails in one sentence, and the next goes on when there is space",
  ignore,
  async fn() {
    await onSmallDisk(async (out) => {
      const worker = new URL("../runs/launch/fake-worker.ts", import.meta.url);
      const study = { ...presets.smoke.study, methods: ["lora", "bitfit"], seeds: [0] };
      let empty = () => {};
      let begun = 0;
      const { trained, failures } = await bench(study, {
        ...{ out, worker, jobs: 1 },
        onEvent({ type }) {
          if (type === "start" && begun++ === 0) empty = fill(out);
          if (type === "failed") empty();
        },
      });
      assert.deepEqual([trained, failures.length], [1, 1]);
      const full = "its disk must have space left, it is full";
      const { cell: { id }, reason } = failures[0];
      assert.equal(
        reason,
        `Cannot write ${out}/runs/${id}.json: ${full}; Cannot write ${out}/failed/${id}.1.json: ${full}`,
      );
      assert.deepEqual([names(`${out}/runs`).length, names(`${out}/failed`)], [1, []]);
    });
  },
});
