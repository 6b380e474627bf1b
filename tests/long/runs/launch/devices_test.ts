import assert from "node:assert/strict";
import { bench, estimateBench } from "../../../../runs/launch/launcher.ts";
import { presets } from "../../../../runs/study/presets.ts";
import { methodName } from "../../../../runs/study/record.ts";
import { readRecords } from "../../../../runs/study/read-records.ts";
import { fakeDevices } from "../../../runs/launch/fake-devices.ts";
import { inFolder } from "../../../in-folder.ts";

const worker = new URL("../../../runs/launch/fake-devices.ts", import.meta.url);

const reasons: Record<string, RegExp> = {
  lost: /^Device is lost: the driver was reset$/,
  full: /^Out of device memory: 12 MB could not be allocated$/,
  nan: /^Cannot go on training: the loss of step 1 is NaN$/,
  garbled: /^Cannot evaluate: a logit is not a number$/,
};

for (const [device, reason] of Object.entries(reasons)) {
  Deno.test(`on the device ${device}, a cell that breaks is recorded as failed and the next goes on`, () =>
    inFolder({}, async (out) => {
      const study = { ...presets.smoke.study, methods: ["lora", "prompt-tuning"], device };
      const { trained, failures } = await bench(study, { out, worker, jobs: 1 });
      assert.equal(trained, 1);
      assert.equal(failures.length, 1);
      assert.match(failures[0].reason, reason);
      const { records } = await readRecords(out);
      assert.deepEqual(records.map(({ spec }) => methodName(spec)), ["prompt-tuning"]);
      assert.equal(records[0].environment.device.name, device);
      const failed = JSON.parse(await Deno.readTextFile(`${out}/failed/${failures[0].cell.id}.1.json`));
      assert.equal(methodName(failed.spec), "lora");
      assert.match(failed.reason, reason);
    }));
}

Deno.test("a device that cannot be used is refused in one sentence before any cell starts", () =>
  inFolder({}, async (out) => {
    const sentences = {
      absent: "Cannot use device absent: No adapter was found; install its driver.",
      fatal: "Cannot use device fatal: Its libraries end the process: the worker ended with status 9: it said nothing",
    };
    for (const [device, message] of Object.entries(sentences)) {
      const study = { ...presets.smoke.study, device };
      await assert.rejects(bench(study, { out, worker }), { message });
      await assert.rejects(estimateBench(study, worker), { message });
    }
    assert.deepEqual(await Array.fromAsync(Deno.readDir(`${out}/failed`)), []);
    assert.equal(Object.keys(fakeDevices).length, 6);
  }));
