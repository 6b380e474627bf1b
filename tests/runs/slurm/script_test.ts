import assert from "node:assert/strict";
import fc from "fast-check";
import { parseTimeLeft } from "../../../runs/slurm/commands.ts";
import { resourcesOf } from "../../../runs/slurm/resources.ts";
import { arrayScript } from "../../../runs/slurm/script.ts";
import { chunksOf } from "../../../runs/slurm/submit.ts";
import { inFolder } from "../../in-folder.ts";

Deno.test("the script asks for as many tasks as there are, for their memory and processors, to be warned and to be queued again", () => {
  const options = arrayScript(48, { cpus: 2, memory: 3000 }, ["deno"]).match(/^#SBATCH .*$/gm);
  assert.deepEqual(options?.map((line) => line.replace("#SBATCH --", "")), [
    "job-name=tunebench",
    "array=0-47",
    "nodes=1",
    "ntasks=1",
    "cpus-per-task=2",
    "mem=3000M",
    "open-mode=append",
    "requeue",
    "signal=B:USR2@90",
  ]);
  assert.doesNotMatch(arrayScript(1, { cpus: 1 }, ["deno"]), /--mem/);
});

Deno.test("whatever a path is called, the script's program gets it as one argument", () =>
  inFolder({ 'it\'s $HOME\n"%a" `x`/print.sh': '#!/bin/sh\nprintf "%s\\0" "$@"\n' }, async (folder) => {
    const program = `${folder}/it's $HOME\n"%a" \`x\`/print.sh`;
    await Deno.chmod(program, 0o755);
    // No argument of a program may have a zero byte.
    const texts = fc.sample(fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\0", "")), {
      numRuns: 200,
      seed: 1,
    });
    await Deno.writeTextFile(`${folder}/array.sh`, arrayScript(1, { cpus: 1 }, [program, ...texts]));
    const { stdout } = await new Deno.Command("bash", { args: [`${folder}/array.sh`] }).output();
    assert.deepEqual(new TextDecoder().decode(stdout).split("\0").slice(0, -1), texts);
  }));

Deno.test("the tasks of a study are cut into arrays of at most MaxArraySize", () => {
  assert.deepEqual(chunksOf(0, 1001), []);
  assert.deepEqual(chunksOf(1001, 1001), [1001]);
  assert.deepEqual(chunksOf(1002, 1001), [1001, 1]);
  assert.deepEqual(chunksOf(2500, 1000), [1000, 1000, 500]);
});

Deno.test("a task asks for the memory of its largest cell, and for a processor for every 2 GiB of it", () => {
  const mib = (n: number) => n * 2 ** 20;
  assert.deepEqual(resourcesOf([mib(70), mib(160)]), { memory: 512 + 240, cpus: 1 });
  assert.deepEqual(resourcesOf([mib(4096)]), { memory: 512 + 6144, cpus: 4 });
  assert.deepEqual(resourcesOf([mib(100_000)]).cpus, 16);
  assert.deepEqual(resourcesOf(undefined), { cpus: 1 });
});

Deno.test("times left are read as squeue prints them", () => {
  const seconds = { "1-02:03:04": 93_784, "02:03:04": 7384, "59:30": 3570, "0:05": 5, UNLIMITED: Infinity, INVALID: 0 };
  for (const [text, expected] of Object.entries(seconds)) assert.equal(parseTimeLeft(text), expected, text);
});
