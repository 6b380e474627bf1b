/** Tasks of an array with Slurm's commands faked: what they do when Slurm warns or ends them. */
import assert from "node:assert/strict";
import type { BenchEvent } from "../../../../runs/launch/events.ts";
import { cellsOf } from "../../../../runs/launch/cells.ts";
import { makeSubmissionFolder, writeSubmission } from "../../../../runs/slurm/submission.ts";
import { runTask } from "../../../../runs/slurm/task.ts";
import { presets } from "../../../../runs/study/presets.ts";
import { inFolder } from "../../../in-folder.ts";
import { CRASHES, HANGS } from "../../../runs/launch/fake-worker.ts";
import { type FakeCommands, willing, withSlurm } from "../../../runs/slurm/fake-slurm.ts";

const worker = new URL("../../../runs/launch/fake-worker.ts", import.meta.url);
const names = async (folder: string) => (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();

/** Runs a task on LoRA with these seeds, without checkpoints, which is ended once a cell is under way where `ends` says so. */
async function run(out: string, seeds: number[], ends: boolean, timeouts = 0) {
  const study = { ...presets.smoke.study, methods: ["lora"], seeds };
  const cells = await cellsOf(study);
  const folder = await makeSubmissionFolder(out);
  const runs = Object.fromEntries(cells.map(({ id }) => [id, 0]));
  await writeSubmission(folder, { version: 1, from: Deno.cwd(), study, runs, checkpoint: 0 });
  const [{ id }] = cells;
  if (timeouts > 0) await Deno.writeTextFile(`${folder}/${id}.timeouts`, `${timeouts}\n`);
  const stop = new AbortController();
  const said: string[] = [];
  const status = await runTask(folder, { job: "17", index: "3", cpus: 1 }, {
    stop: stop.signal,
    onEvent: (event: BenchEvent) => void (ends && event.type === "step" && stop.abort()),
    say: (sentence) => void said.push(sentence),
    worker,
  });
  return { id, folder, status, said: said.join() };
}

/** The same, where squeue prints this. */
const whileSlurmSays = (squeue: string, work: (calls: () => Promise<string[][]>, out: string) => Promise<void>) => {
  const commands: FakeCommands = { ...willing, scontrol: "", squeue: `echo '${squeue}'` };
  return inFolder({}, (out) => withSlurm(commands, (calls) => work(calls, out)));
};
const requeued = ["scontrol", "requeue", "17_3"];

Deno.test("a task that other jobs push aside lets its cell go and is queued again, without counting", () =>
  whileSlurmSays("RUNNING 1-00:00:00", async (calls, out) => {
    const { folder, status, said } = await run(out, [HANGS], true);
    assert.deepEqual([status, said], [0, "Stopped: other jobs come first; the task is queued again."]);
    assert.deepEqual((await calls()).at(-1), requeued);
    assert.deepEqual([await names(`${out}/runs`), await names(`${out}/failed`)], [[], []]);
    assert.deepEqual(await names(folder), ["submission.json"]);
  }));

Deno.test("a cell that uses up a task's whole time is tried again three times, then it has failed", () =>
  whileSlurmSays("RUNNING 1:30", async (calls, out) => {
    const third = await run(out, [HANGS], true, 2);
    assert.equal(await Deno.readTextFile(`${third.folder}/${third.id}.timeouts`), "3\n");
    assert.deepEqual(await names(`${out}/failed`), []);
    const { id, status, said } = await run(out, [HANGS], true, 3);
    assert.deepEqual([status, said], [0, "Stopped: the time limit is near; the task is queued again."]);
    assert.deepEqual((await calls()).at(-1), requeued);
    const { reason } = JSON.parse(await Deno.readTextFile(`${out}/failed/${id}.1.json`));
    assert.match(reason, /^Cannot finish the cell: it must end within the time limit .* it did not 4 times$/);
  }));

Deno.test("a cell that was begun late in a task's time is not blamed for its end", () =>
  whileSlurmSays("RUNNING 1:30", async (_, out) => {
    const study = { ...presets.smoke.study, methods: ["lora"], seeds: [0, HANGS] };
    const folder = await makeSubmissionFolder(out);
    const runs = Object.fromEntries((await cellsOf(study)).map(({ id }) => [id, 0]));
    await writeSubmission(folder, { version: 1, from: Deno.cwd(), study, runs, checkpoint: 0 });
    const stop = new AbortController();
    await runTask(folder, { job: "17", index: "3", cpus: 1 }, {
      stop: stop.signal,
      onEvent: (event) => event.type === "step" && event.cell.spec.seed === HANGS && stop.abort(),
      say() {},
      worker,
    });
    assert.deepEqual(await names(folder), ["submission.json"]);
  }));

Deno.test("a task that was cancelled, or that Slurm queues again itself, ends without a word to Slurm", () =>
  whileSlurmSays("COMPLETING 0:00", async (calls, out) => {
    const { status, said } = await run(out, [HANGS], true);
    assert.deepEqual([status, said], [143, "Stopped: Slurm ends the task, its state is COMPLETING."]);
    assert.deepEqual((await calls()).map(([command]) => command), ["squeue"]);
  }));

Deno.test("a task trains what is free, fails where a cell of its own fails, and takes the others off the queue when none is left", () =>
  whileSlurmSays("RUNNING 1:00:00", async (calls, out) => {
    const { status } = await run(out, [0, CRASHES], false);
    assert.equal(status, 1);
    assert.deepEqual([(await names(`${out}/runs`)).length, (await names(`${out}/failed`)).length], [1, 1]);
    assert.deepEqual(await calls(), [["scancel", "--quiet", "--state=PENDING", "17"]]);
    // One that starts later finds the failure, which is not its own, and tries nothing again.
    const later = await run(out, [0, CRASHES], false);
    assert.equal(later.status, 0);
    assert.equal((await names(`${out}/failed`)).length, 1);
  }));

Deno.test("a task leaves when others that live have all cells that are left", () =>
  whileSlurmSays("RUNNING 1:00:00", async (calls, out) => {
    const study = { ...presets.smoke.study, methods: ["lora"], seeds: [0] };
    const [{ id }] = await cellsOf(study);
    await Deno.mkdir(`${out}/runs`);
    let count = 0;
    const beat = () => Deno.writeTextFileSync(`${out}/runs/${id}.1.claim`, `${JSON.stringify({ count: count++ })}\n`);
    beat();
    const owner = setInterval(beat, 50);
    try {
      assert.equal((await run(out, [0], false)).status, 0);
      assert.deepEqual(await calls(), []);
      assert.deepEqual(await names(`${out}/runs`), [`${id}.1.claim`]);
    } finally {
      clearInterval(owner);
    }
  }));
