/**
 * `bench --launcher slurm`: submits a study and says what becomes of it.
 * @module
 */
import { fileURLToPath } from "node:url";
import { counted, shownMessage } from "../../base/errors.ts";
import { type SubmitOptions, submitStudy } from "../../runs/slurm/submit.ts";
import type { Study } from "../../runs/study/study.ts";

/** Arguments of deno that run a task, from any folder. */
const task = [
  ...["run", "--quiet", "-P=slurm", "--config", fileURLToPath(new URL("../../deno.json", import.meta.url))],
  fileURLToPath(new URL("./task.ts", import.meta.url)),
];

/** Submits a study. @returns the exit status */
export async function submit(study: Study, options: Omit<SubmitOptions, "task">): Promise<number> {
  const { cells, pending, broken, arrays, resources } = await submitStudy(study, { ...options, task });
  for (const message of broken) console.error(shownMessage({ message: `Cannot train a cell: ${message}` }));
  const total = counted(cells, "cell");
  if (arrays.length === 0) {
    console.log(`${total}, none left to train: nothing was submitted.`);
  } else {
    const memory = resources.memory === undefined ? "" : `${resources.memory} MiB and `;
    console.log(`${total}, ${pending} to train, in tasks of ${memory}${counted(resources.cpus, "processor")}:`);
    for (const { job, tasks, folder } of arrays) {
      console.log(`  job ${job}: ${counted(tasks, "task")}, logs in ${folder}`);
    }
    console.log(`deno task bench status ${options.out} says how far they are.`);
  }
  return broken.length > 0 ? 1 : 0;
}
