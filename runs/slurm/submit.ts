/**
 * Submits a study to Slurm: arrays whose tasks are benches that share the cells without a record.
 * @module
 */
import { resolve } from "node:path";
import { lookUp, shorten, UsageError } from "../../base/errors.ts";
import { writeWhole } from "../../base/write-files.ts";
import { devices } from "../../engine/devices/mod.ts";
import { estimateCells, planBench } from "../launch/launcher.ts";
import { withKeptPlugins } from "../launch/plugins/plan-cells.ts";
import { keptPath } from "../plugins/kept.ts";
import { requireModels } from "../launch/look-at-models.ts";
import { workerEntry } from "../launch/worker-process.ts";
import type { Cell } from "../study/cell.ts";
import type { Study } from "../study/study.ts";
import { recordPath } from "../study/write.ts";
import { mostTasks, sbatch } from "./commands.ts";
import { type Resources, resourcesOf } from "./resources.ts";
import { arrayScript } from "./script.ts";
import { makeSubmissionFolder, type Submission, writeSubmission } from "./submission.ts";

/** How a study is submitted; none of it decides a result. */
export interface SubmitOptions extends Pick<Submission, "keep" | "checkpoint" | "cellTimeout"> {
  /** Results folder, which all nodes must see under the same path. */
  out: string;
  /** Most tasks. Default: one for each cell. */
  jobs?: number;
  /** Train only the cells that have failed and have no record. */
  retryFailed?: boolean;
  /** Flags of sbatch without their dashes: "partition=long", "exclusive". */
  flags: readonly string[];
  /** Arguments of deno that run a task; the submission's folder follows them. */
  task: readonly string[];
  /** Program of the worker processes, which plan the memory. */
  worker?: URL;
}

/** An array that was submitted. */
export interface SubmittedArray {
  /** Id of the job. */
  job: string;
  /** Number of tasks. */
  tasks: number;
  /** The folder with its script and logs. */
  folder: string;
}

/** What became of a study. */
export interface SubmittedStudy {
  /** Number of its cells. */
  cells: number;
  /** Of these, how many its tasks are to train. */
  pending: number;
  /** Why records cannot be read. Their cells are not trained. */
  broken: string[];
  /** The arrays; none where no cell is to be trained. */
  arrays: SubmittedArray[];
  /** What each task asks for, unless flags say otherwise. */
  resources: Resources;
}

/** Flags of sbatch that a task needs as they are. */
const OWN_FLAGS = [
  "array",
  "chdir",
  "no-requeue",
  "open-mode",
  "output",
  "parsable",
  "requeue",
  "signal",
  "wait",
  "wrap",
];

/** @throws {UsageError} if a flag is none of sbatch's, or may not be changed */
function requireFlags(flags: readonly string[]): void {
  for (const flag of flags) {
    const [, name] = /^([a-z][a-z-]*)(?:=[^\0]+)?$/s.exec(flag) ?? [];
    if (name === undefined) {
      throw new UsageError(
        "Cannot read --slurm: it must be a long flag of sbatch without dashes, partition=NAME for instance, " +
          `current value is ${shorten(flag)}`,
      );
    }
    if (OWN_FLAGS.includes(name)) {
      throw new UsageError(`Cannot use --slurm ${shorten(flag)}: sbatch's --${name} must be as TuneBench sets it`);
    }
  }
}

/** The numbers of tasks of the arrays that so many tasks are cut into. */
export function chunksOf(tasks: number, most: number): number[] {
  return Array.from({ length: Math.ceil(tasks / most) }, (_, at) => Math.min(most, tasks - at * most));
}

/**
 * Submits the cells of a study that have no record. Nothing has to run on this machine afterwards.
 * @throws {UsageError} if the study or a flag names what does not exist, or what cannot be used
 * @throws {Error} if Slurm is missing or refuses; what it has taken before goes on
 */
export async function submitStudy(study: Study, options: SubmitOptions): Promise<SubmittedStudy> {
  const { out, jobs = Infinity, flags } = options;
  requireFlags(flags);
  const most = await mostTasks();
  const { cells, queue, broken, failuresBefore } = await planBench(study, out, options.retryFailed);
  const pending = queue.filter(({ id }) => !broken.has(recordPath(out, id)));
  const resources = resourcesOf(pending.length > 0 ? await planMemory(study, pending, options.worker) : []);
  const submission: Submission = {
    version: 1,
    from: Deno.cwd(),
    // Plug-ins may change while tasks wait; their copies do not.
    study: withKeptPlugins(study, cells, (sha256) => resolve(out, keptPath(sha256))),
    runs: Object.fromEntries(pending.map(({ id }) => [id, failuresBefore.get(id) ?? 0])),
    keep: options.keep,
    checkpoint: options.checkpoint,
    cellTimeout: options.cellTimeout,
  };
  const arrays: SubmittedArray[] = [];
  const chunks = chunksOf(Math.min(jobs, pending.length), most);
  try {
    for (const tasks of chunks) arrays.push(await submitArray(tasks, resources, submission, options));
  } catch (error) {
    if (arrays.length === 0) throw error;
    const jobs = arrays.map(({ job }) => job).join(", ");
    throw new Error(`${(error as Error).message}; the jobs that it has taken before train all cells: ${jobs}`);
  }
  return { cells: cells.length, pending: pending.length, broken: [...broken.values()], arrays, resources };
}

/** Bytes of the planned step of each cell; undefined where the device has memory of its own, and so need not be on this machine. */
async function planMemory(
  { device }: Study,
  cells: readonly Cell[],
  worker: URL = workerEntry,
): Promise<number[] | undefined> {
  await requireModels(cells, worker, new AbortController().signal);
  if (lookUp("device", devices, device).ownMemory) return undefined;
  const estimated = await estimateCells(cells, 1, false, worker);
  return estimated.map(({ estimate }) => estimate.planned.total);
}

/** Submits one array, in a folder of its own, which is removed if Slurm refuses it. */
async function submitArray(
  tasks: number,
  resources: Resources,
  submission: Submission,
  { out, flags, task }: SubmitOptions,
): Promise<SubmittedArray> {
  const folder = await makeSubmissionFolder(out);
  try {
    await writeSubmission(folder, submission);
    const script = `${folder}/array.sh`;
    await writeWhole(script, arrayScript(tasks, resources, [Deno.execPath(), ...task, folder]));
    const job = await sbatch(folder, script, flags.map((flag) => `--${flag}`));
    await writeWhole(`${folder}/job`, `${job}\n`);
    return { job, tasks, folder };
  } catch (error) {
    await Deno.remove(folder, { recursive: true });
    throw error;
  }
}
