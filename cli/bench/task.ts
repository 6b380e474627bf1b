/**
 * The program of a task of Slurm's array, as `bench --launcher slurm` submits it: `task.ts <folder of the submission>`.
 * @module
 */
import { shownMessage } from "../../base/errors.ts";
import { runTask } from "../../runs/slurm/task.ts";
import { showProgress, standardError } from "../output/progress.ts";

const stop = new AbortController();
// Before anything else: Slurm may warn at once. It ends a task with SIGTERM, preempted or cancelled.
for (const signal of ["SIGUSR2", "SIGTERM"] as const) Deno.addSignalListener(signal, () => stop.abort());

const [folder] = Deno.args;
const job = Deno.env.get("SLURM_ARRAY_JOB_ID");
const index = Deno.env.get("SLURM_ARRAY_TASK_ID");
const cpus = Number(Deno.env.get("SLURM_CPUS_PER_TASK") ?? 1);
if (job === undefined || index === undefined) {
  console.error("Cannot run a task: Slurm must start it, SLURM_ARRAY_JOB_ID and SLURM_ARRAY_TASK_ID are not set");
  Deno.exit(2);
}
try {
  const options = { stop: stop.signal, onEvent: showProgress(standardError()), say: console.error };
  Deno.exit(await runTask(folder, { job, index, cpus }, options));
} catch (error) {
  console.error(shownMessage(error as Error));
  Deno.exit(1);
}
