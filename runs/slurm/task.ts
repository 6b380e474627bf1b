/**
 * A task of an array: a bench that shares the cells with the other tasks. When Slurm ends it before it is done, it goes on later.
 * @module
 */
import { bench } from "../launch/launcher.ts";
import type { BenchEvent } from "../launch/events.ts";
import { writeFailure } from "../launch/train-cell.ts";
import type { Cell } from "../study/cell.ts";
import { cancelPending, lookUpTask, requeue } from "./commands.ts";
import { WARNING } from "./script.ts";
import { readSubmission, resultsOf } from "./submission.ts";

/** What Slurm says of itself to a task. */
export interface TaskIdentity {
  /** Id of the array's job. */
  job: string;
  /** The task's number. */
  index: string;
  /** Processors. */
  cpus: number;
}

/** Seconds left at which a task was stopped for its time limit: Slurm may warn 60 s early, and stopping takes a while. */
const TIME_IS_UP = WARNING + 60 + 30;

/** How often a cell may use up a task's whole time before it counts as failed at the next time. */
const TIMEOUTS = 3;

/** Seconds that workers get to end when Slurm ends the task. */
const GRACE = 60;

/** What a task has done since it was started. */
class Progress {
  /** The cell under way. */
  cell?: Cell;
  /** Whether a cell has come to its end. */
  hasFinished = false;
  /** Whether one has failed. */
  hasFailed = false;

  /** Takes in what happens. */
  take(event: BenchEvent): void {
    if (event.type === "start") this.cell = event.cell;
    if (event.type !== "done" && event.type !== "failed" || event.cell.id !== this.cell?.id) return;
    this.hasFinished = true;
    this.hasFailed ||= event.type === "failed";
    this.cell = undefined;
  }
}

/** How a task is run. */
export interface TaskOptions {
  /** Aborted when Slurm warns or ends the task. */
  stop: AbortSignal;
  /** Called with everything that happens. */
  onEvent: (event: BenchEvent) => void;
  /** Takes sentences for the log. */
  say: (sentence: string) => void;
  /** Program of the worker processes. */
  worker?: URL;
}

/**
 * Runs a task.
 * @param folder the submission's folder
 * @returns the exit status: 1 where a cell that it trained has failed, 143 where Slurm has ended it for good
 */
export async function runTask(
  folder: string,
  { job, index, cpus }: TaskIdentity,
  { stop, onEvent, say, worker }: TaskOptions,
): Promise<number> {
  const { from, study, runs, keep, checkpoint, cellTimeout } = await readSubmission(folder);
  const out = resultsOf(folder);
  Deno.chdir(from);
  const progress = new Progress();
  const { cells, recorded, trained, failures } = await bench(study, {
    out,
    keep,
    checkpoint,
    cellTimeout,
    share: { runs: new Map(Object.entries(runs)), threads: cpus },
    grace: GRACE,
    signal: stop,
    worker,
    onEvent(event) {
      progress.take(event);
      onEvent(event);
    },
  });
  const isDone = recorded + trained + failures.length === cells;
  if (isDone) await cancelPending(job);
  else if (stop.aborted) return await goOnLater(`${job}_${index}`, folder, progress, say);
  return progress.hasFailed ? 1 : 0;
}

/** Puts a task back into the queue, unless Slurm does so itself or it was cancelled. */
async function goOnLater(
  task: string,
  folder: string,
  { cell, hasFinished }: Progress,
  say: (sentence: string) => void,
): Promise<number> {
  const { state = "gone", secondsLeft = 0 } = await lookUpTask(task) ?? {};
  if (state !== "RUNNING") {
    say(`Stopped: Slurm ends the task, its state is ${state}.`);
    return 143;
  }
  const timeIsUp = secondsLeft <= TIME_IS_UP;
  if (timeIsUp && cell && !hasFinished) await countTimeout(folder, cell);
  await requeue(task);
  say(`Stopped: ${timeIsUp ? "the time limit is near" : "other jobs come first"}; the task is queued again.`);
  return 0;
}

/** Counts that a cell has used up a task's whole time; too often, and it has failed. */
async function countTimeout(folder: string, cell: Cell): Promise<void> {
  const path = `${folder}/${cell.id}.timeouts`;
  const before = await Deno.readTextFile(path).then(Number, () => 0);
  await Deno.writeTextFile(path, `${before + 1}\n`);
  if (before < TIMEOUTS) return;
  await writeFailure(resultsOf(folder), cell, {
    reason: `Cannot finish the cell: it must end within the time limit of Slurm's tasks, it did not ${
      before + 1
    } times`,
    log: "",
  });
}
