/**
 * The commands of Slurm: sbatch, scontrol, squeue and scancel. Accounting (sacct) is not needed, which many clusters do not have.
 * @module
 */
import { UsageError } from "../../base/errors.ts";

/** Runs a command of Slurm and returns what it prints. @throws {Error} one sentence, if it is missing or refuses */
async function call(purpose: string, program: string, args: readonly string[]): Promise<string> {
  const refuse = (rule: string) => {
    throw new Error(`Cannot ${purpose}: ${program} ${rule}`);
  };
  // The token of the hub is not for the jobs, which do not ask the hub; Slurm would keep it with their other variables.
  const env = { HF_TOKEN: "" };
  let output: Deno.CommandOutput;
  try {
    output = await new Deno.Command(program, { args: [...args], env, stdin: "null" }).output();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return refuse("must be on the PATH, it is not: is this a machine of a Slurm cluster?");
  }
  const [printed, complaints] = [output.stdout, output.stderr].map((bytes) => new TextDecoder().decode(bytes).trim());
  if (!output.success) {
    refuse(`must succeed, it said: ${complaints.replace(/\s*\n\s*/g, "; ") || printed || "nothing"}`);
  }
  return printed;
}

/** What cannot be done without Slurm, in messages. */
const SUBMIT = "submit to Slurm";

/** Most tasks of an array: `MaxArraySize`, one above the greatest index. @throws {Error} if Slurm is missing, or has no arrays */
export async function mostTasks(): Promise<number> {
  const config = await call(SUBMIT, "scontrol", ["show", "config"]);
  const size = Number(/^MaxArraySize\s*=\s*(\d+)/m.exec(config)?.[1] ?? 0);
  if (size > 0) return size;
  throw new Error(`Cannot ${SUBMIT}: its MaxArraySize must be above 0, current value is ${size}`);
}

/**
 * Submits a script.
 * @param folder the job's working folder, where each task gets a log
 * @param flags of sbatch, which go before the script's own
 * @returns the job's id
 * @throws {UsageError} if Slurm cannot write into the folder
 * @throws {Error} if sbatch is missing or refuses it
 */
export async function sbatch(folder: string, script: string, flags: readonly string[]): Promise<string> {
  // Slurm reads % in the whole path of a log, and takes a backslash for no part of it.
  if (folder.includes("\\")) {
    throw new UsageError(
      `Cannot ${SUBMIT}: the results folder's path must have no backslash, current value is ${folder}`,
    );
  }
  const places = [`--chdir=${folder}`, `--output=${folder.replaceAll("%", "%%")}/%a.log`];
  const printed = await call(SUBMIT, "sbatch", ["--parsable", ...places, ...flags, script]);
  // With the cluster's name behind a semicolon, where there are several.
  const [, job] = /^(\d+)(?:;.*)?$/m.exec(printed) ?? [];
  if (job !== undefined) return job;
  throw new Error(`Cannot ${SUBMIT}: sbatch must print the job's id, it printed ${printed || "nothing"}`);
}

/** A task that Slurm knows. */
export interface SlurmTask {
  /** RUNNING, COMPLETING, PREEMPTED, … */
  state: string;
  /** Seconds until its time limit; infinite where it has none. */
  secondsLeft: number;
}

/** What Slurm knows of a task ("17_3"); undefined where it has forgotten it. @throws {Error} if Slurm cannot be asked */
export async function lookUpTask(task: string): Promise<SlurmTask | undefined> {
  const flags = ["--noheader", "--array", `--jobs=${task}`, "--format=%T %L"];
  const [, state, left] = /^(\S+) (\S+)/.exec(await call(`look up the task ${task}`, "squeue", flags)) ?? [];
  return state === undefined ? undefined : { state, secondsLeft: parseTimeLeft(left) };
}

/** Seconds of a time left as squeue prints it: "1-02:03:04", "59:30", UNLIMITED, NOT_SET; INVALID where it is over. */
export function parseTimeLeft(text: string): number {
  if (text === "UNLIMITED" || text === "NOT_SET") return Infinity;
  const [, days = 0, hours = 0, minutes, seconds] = /^(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+)$/.exec(text) ?? [];
  return minutes === undefined
    ? 0
    : ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
}

/** Puts a running task back into the queue; Slurm ends its processes. @throws {Error} if it cannot be */
export async function requeue(task: string): Promise<void> {
  await call(`go on with the task ${task} later`, "scontrol", ["requeue", task]);
}

/** Takes those tasks of a job off the queue that do not run. @throws {Error} if Slurm refuses */
export async function cancelPending(job: string): Promise<void> {
  await call(`take the other tasks of ${job} off the queue`, "scancel", ["--quiet", "--state=PENDING", job]);
}
