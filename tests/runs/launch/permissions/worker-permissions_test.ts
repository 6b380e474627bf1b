import assert from "node:assert/strict";
import { bench } from "../../../../runs/launch/launcher.ts";
import { presets } from "../../../../runs/study/presets.ts";
import { inFolder } from "../../../in-folder.ts";

Deno.test("a worker reads and writes nothing but what its job names, runs no program and reaches no network", () =>
  inFolder({ "out-secret/secret": "secret" }, async (folder) => {
    Deno.env.set("TEST_SECRET", "secret");
    try {
      const { failures: [{ file, reason }] } = await bench(
        { ...presets.smoke.study, methods: ["lora"], seeds: [0] },
        { out: `${folder}/out`, worker: new URL("reaching-worker.ts", import.meta.url) },
      );
      assert.equal(reason, "Cannot go on: all has been tried");
      const { log } = JSON.parse(await Deno.readTextFile(file!));
      const outcomes = Object.fromEntries(log.split("\n").map((line: string) => line.split(/: (.*)/)));
      const { "write its results": written, "read TuneBench": read, ...others } = outcomes;
      assert.deepEqual([written, read], ["possible: yes", "possible: yes"]);
      const tried = Object.entries(others).filter(([what]) => /^(read|write|link|run|end|reach) /.test(what));
      assert.deepEqual(tried.filter(([, outcome]) => outcome !== "NotCapable"), []);
      assert.equal(tried.length, 10);
    } finally {
      Deno.env.delete("TEST_SECRET");
    }
  }));
