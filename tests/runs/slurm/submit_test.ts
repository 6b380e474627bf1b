import assert from "node:assert/strict";
import { UsageError } from "../../../base/errors.ts";
import { submitStudy } from "../../../runs/slurm/submit.ts";
import { readSubmission } from "../../../runs/slurm/submission.ts";
import { presets } from "../../../runs/study/presets.ts";
import { inFolder } from "../../in-folder.ts";
import { willing, withSlurm } from "./fake-slurm.ts";

const study = { ...presets.smoke.study, methods: ["lora"], seeds: [0, 1, 2] };
const worker = new URL("../launch/fake-worker.ts", import.meta.url);
const options = { flags: ["partition=long", "comment=it's ours"], task: ["run", "task.ts"], worker };

const names = async (folder: string) => (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();

Deno.test("a study is submitted in arrays with the flags of the user; what has a record is left out, whatever the folder is called", () =>
  inFolder({}, (folder) =>
    withSlurm({ ...willing, scontrol: "echo 'MaxArraySize = 2'" }, async (calls) => {
      const out = `${folder}/it's 100 % "ours"`;
      const submitted = await submitStudy(study, { ...options, out });
      assert.deepEqual([submitted.cells, submitted.pending], [3, 3]);
      assert.deepEqual(
        submitted.arrays,
        [2, 1].map((tasks, at) => ({
          job: "17",
          tasks,
          folder: `${out}/slurm/${at + 1}`,
        })),
      );
      const [, first, second] = await calls();
      assert.deepEqual(first, [
        "sbatch",
        "--parsable",
        `--chdir=${out}/slurm/1`,
        `--output=${folder}/it's 100 %% "ours"/slurm/1/%a.log`,
        "--partition=long",
        "--comment=it's ours",
        `${out}/slurm/1/array.sh`,
      ]);
      assert.equal(second.at(-1), `${out}/slurm/2/array.sh`);
      const { runs, study: written } = await readSubmission(`${out}/slurm/1`);
      const ids = Object.keys(runs);
      assert.deepEqual([ids.length, Object.values(runs), written], [3, [0, 0, 0], study]);

      // One was trained since, one failed: two are left, the second with its failure before.
      await Deno.writeTextFile(`${out}/runs/${ids[0]}.json`, "{}");
      await Deno.writeTextFile(`${out}/failed/${ids[1]}.1.json`, "{}");
      const again = await submitStudy(study, { ...options, out, jobs: 1 });
      assert.deepEqual([again.pending, again.arrays.map(({ tasks }) => tasks)], [2, [1]]);
      assert.match(again.broken[0], /cannot be read/);
      assert.deepEqual((await readSubmission(again.arrays[0].folder)).runs, { [ids[1]]: 1, [ids[2]]: 0 });
    })));

Deno.test("where sbatch refuses, its reason is the message, and nothing of the submission is left", () =>
  inFolder(
    {},
    (out) =>
      withSlurm(
        { ...willing, sbatch: "echo 'sbatch: error: invalid partition specified: no' >&2; exit 1" },
        async () => {
          await assert.rejects(submitStudy(study, { ...options, out }), {
            name: "Error",
            message:
              "Cannot submit to Slurm: sbatch must succeed, it said: sbatch: error: invalid partition specified: no",
          });
          assert.deepEqual(await names(`${out}/slurm`), []);
        },
      ),
  ));

Deno.test("a results folder that Slurm cannot write logs into is wrong usage", () =>
  inFolder(
    {},
    (folder) =>
      withSlurm(willing, () =>
        assert.rejects(submitStudy(study, { ...options, out: `${folder}/a\\b` }), {
          name: "UsageError",
          message: /the results folder's path must have no backslash/,
        })),
  ));

Deno.test("where Slurm is missing, or has no arrays, it is said before anything is written", () =>
  inFolder({}, async (folder) => {
    const out = `${folder}/results`;
    const refused = (message: RegExp) => assert.rejects(submitStudy(study, { ...options, out }), { message });
    await withSlurm({}, () => refused(/^Cannot submit to Slurm: scontrol must be on the PATH, it is not/), true);
    await withSlurm({ scontrol: "echo 'MaxArraySize = 0'" }, () => refused(/its MaxArraySize must be above 0/), true);
    assert.deepEqual(await names(folder), []);
  }));

Deno.test("flags that are none, or that would break the tasks, are wrong usage", () =>
  inFolder({}, async (out) => {
    const wrong: Record<string, RegExp> = {
      "--partition=x": /Cannot read --slurm: .* current value is --partition=x$/,
      "time 10": /Cannot read --slurm/,
      "time=": /Cannot read --slurm/,
      "array=0-3": /Cannot use --slurm array=0-3: sbatch's --array must be as TuneBench sets it/,
      "no-requeue": /--no-requeue must be/,
    };
    for (const [flag, message] of Object.entries(wrong)) {
      await assert.rejects(
        submitStudy(study, { ...options, out, flags: [flag] }),
        (error) => error instanceof UsageError && message.test(error.message),
        flag,
      );
    }
  }));
