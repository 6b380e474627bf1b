/**
 * Runs the cells of a study, each in a process of its own. This process loads no tensor library and no weights, because
 * the memory that a worker measures starts at its parent's peak.
 * @module
 */
import type { Cell, CellEstimate } from "../study/cell.ts";
import { readEnvironment } from "./environment.ts";
import { requireDevice } from "./inspect-device.ts";
import { requireModels } from "./look-at-models.ts";
import { planCells, withKeptPlugins, withPlugins } from "./plugins/plan-cells.ts";
import { keepPlugins, keptPath } from "../plugins/kept.ts";
import { writeCellList } from "../study/shared/cell-list.ts";
import { countFailures, eachRecord } from "../study/read-records.ts";
import { runId, type RunSpec, settingId } from "../study/spec.ts";
import type { Study } from "../study/study.ts";
import { devices } from "../../engine/devices/mod.ts";
import { freeMemory, MemoryRoom } from "../training/plan-memory.ts";
import { lookUp, UsageError } from "../../base/errors.ts";
import { sweepCheckpoints } from "../training/checkpoints/paths.ts";
import type { WorkerLimits } from "./supervisor.ts";
import { runWorker, workerEntry } from "./worker-process.ts";
import { type CellFailure, runCells } from "./cell-queue.ts";
import type { BenchEvent } from "./events.ts";
import { sweepCache } from "../../models/cache.ts";
import { sweepDrafts, writeJson } from "../../base/write-files.ts";

/** Seconds between two checkpoints of a cell. */
const CHECKPOINT = 60;

/** How a study is run; none of it decides a result. */
export interface BenchOptions extends WorkerLimits {
  /** Results folder. */
  out: string;
  /**
   * Most cells at the same time; each gets its share of the cores. Fewer where their planned memory does not fit together.
   * Default: one for each core.
   */
  jobs?: number;
  /** Also store fully trained models. */
  keep?: boolean;
  /** Seconds between two checkpoints of a cell, at least; 0: cells are neither saved nor resumed. Default: 60. */
  checkpoint?: number;
  /** Run only the cells that have failed and have no record. */
  retryFailed?: boolean;
  /**
   * Stops the bench: running cells are told to end, and killed if they have not within the grace; no further cell starts.
   */
  signal?: AbortSignal;
  /** Called with everything that happens. */
  onEvent?: (event: BenchEvent) => void;
  /** Program of the worker processes. */
  worker?: URL;
  /** Makes this bench one of many that were started together. */
  share?: BenchShare;
  /**
   * Seconds that the claim of another bench on the folder may stand still before its cell is taken over; all benches on a
   * folder must have the same. Default: 30.
   */
  patience?: number;
}

/**
 * What several benches have in common that were started together, as tasks of an array: they train one study's cells that had no
 * record then. Each trains one cell at a time and leaves when others that live have all that is left.
 */
export interface BenchShare {
  /** The runs to train, each with the number of its failures when the benches were started. */
  runs: ReadonlyMap<string, number>;
  /** Threads of each cell. */
  threads: number;
}

/** The cells of a bench, and what is known of them before the first is trained. */
export interface BenchPlan {
  /** Cells to train, those that have a record included. */
  cells: Cell[];
  /** Cells without a record. */
  queue: Cell[];
  /** Why records cannot be read, by their paths. */
  broken: ReadonlyMap<string, string>;
  /** The number of failures that each cell had before, by its id. */
  failuresBefore: ReadonlyMap<string, number>;
}

/** How many cells have a record, and which have none. */
export interface BenchResult {
  /** All cells of the study. */
  cells: number;
  /** Cells that had a record already, or that another bench on the folder has recorded meanwhile. */
  recorded: number;
  /** Cells trained now. */
  trained: number;
  /** Cells that could not be run. */
  failures: CellFailure[];
}

/**
 * Runs every cell of a study that has no record yet. A cell that fails leaves a file in `<out>/failed` and does not stop
 * the others; the next bench tries it again. A record that cannot be read counts as a failure of its cell and is not
 * changed. Several benches may share a results folder, also on several machines: each cell is trained by one of them.
 * @throws {UsageError} if the study names what does not exist, or what cannot be used
 * @throws {Error} if the results folder cannot be written or the device cannot be used here
 */
export async function bench(study: Study, options: BenchOptions): Promise<BenchResult> {
  const { out, keep = false, signal = new AbortController().signal, onEvent = () => {}, worker = workerEntry } =
    options;
  const jobs = options.share ? 1 : options.jobs ?? navigator.hardwareConcurrency;
  if (!Number.isInteger(jobs) || jobs < 1) {
    throw new UsageError(`Cannot run ${jobs} jobs: their number must be a whole number from 1`);
  }
  const { share } = options;
  const { cells, queue, broken, failuresBefore } = share
    ? await planShare(study, out, share)
    : await planBench(study, out, options.retryFailed);
  const recorded = cells.length - queue.length;
  onEvent({ type: "cells", cells: cells.length, recorded, all: cells });

  if (queue.length > 0) {
    await sweepCache();
    await Promise.all([requireDevice(study.device, worker), requireModels(queue, worker, signal)]);
  }
  const environment = await readEnvironment(share?.threads ?? threadsOf(jobs));
  const limits = { cellTimeout: options.cellTimeout, stall: options.stall, grace: options.grace };
  const device = lookUp("device", devices, study.device);
  const room = new MemoryRoom(() => freeMemory(device));
  const checkpoint = options.checkpoint ?? CHECKPOINT;
  const context = { out, keep, checkpoint, environment, worker, waits: !share, limits, room, signal, onEvent };
  const outcomes = await runCells(queue, broken, failuresBefore, jobs, options.patience, context);
  return { cells: cells.length, ...outcomes, recorded: recorded + outcomes.recorded };
}

/**
 * Begins a bench in a results folder: finds out which cells of a study are to be trained, and writes down what was asked for.
 * @param retryFailed leaves out the cells that have not failed
 * @throws {UsageError} if the study names what does not exist, or what cannot be used
 * @throws {Error} if the results folder cannot be written
 */
export async function planBench(study: Study, out: string, retryFailed = false): Promise<BenchPlan> {
  const planned = await planCells(study);
  await makeResultsFolder(out);
  const plugins = await keepPlugins(out, Object.assign({}, ...planned.map(({ plugins }) => plugins)));
  // Cells are trained with the copies, whatever becomes of the user's files meanwhile.
  const all = planned.map((cell) => withPlugins(cell, plugins));
  await writeJson(`${out}/study.json`, withKeptPlugins(study, all, keptPath));
  const failuresBefore = await countFailures(out);
  await writeCellList(out, all, failuresBefore);
  const done = new Set<string>();
  const broken = new Map<string, string>();
  for await (const found of eachRecord(out)) {
    if ("record" in found) done.add(runId(found.record.spec));
    else if ("trial" in found) done.add(runId(found.trial.spec));
    else {
      const { path, reason } = found;
      broken.set(path, `its record ${path} cannot be read: ${reason}; the cell is trained once it is moved away`);
    }
  }
  await sweepCheckpoints(out, (id) => done.has(id));
  const cells = retryFailed ? failedOf(all, failuresBefore, done) : all;
  return { cells, queue: cells.filter(({ id }) => !done.has(id)), broken, failuresBefore };
}

/** The cells of a share. Whether a record can be read was looked up when the benches were started: here, it is there or not. */
async function planShare(study: Study, out: string, { runs }: BenchShare): Promise<BenchPlan> {
  const cells = (await planCells(study)).filter(({ id }) => runs.has(id));
  if (cells.length < runs.size) {
    throw new Error(
      `Cannot train the runs that were asked for: the study must have all ${runs.size}, it has ${cells.length} of them; ` +
        "models, files or TuneBench have changed since, start it again",
    );
  }
  await makeResultsFolder(out);
  const names = new Set((await Array.fromAsync(Deno.readDir(`${out}/runs`))).map(({ name }) => name));
  const queue = cells.filter(({ id }) => !names.has(`${id}.json`));
  return { cells, queue, broken: new Map(), failuresBefore: runs };
}

/** The cells that have failed and have no record; of a tuned one also those trials that have none. */
function failedOf(all: readonly Cell[], failures: ReadonlyMap<string, number>, done: ReadonlySet<string>): Cell[] {
  const failed = all.filter(({ id }) => failures.has(id) && !done.has(id));
  const wanted = new Set(failed.flatMap(({ id, trials = [] }) => [id, ...trials.filter((trial) => !done.has(trial))]));
  return all.filter(({ id }) => wanted.has(id));
}

/** A cell with what is known before it runs. */
export interface EstimatedCell {
  /** The cell. */
  cell: Cell;
  /** Its parameters, planned memory and time. */
  estimate: CellEstimate;
}

/**
 * Estimates every cell of a study without training; a tuned cell stands for its trials, too. Cells that differ only in their
 * seed are computed once. The speed of this machine is measured for ten seconds at most.
 * @param jobs cells at the same time, which share the cores
 * @throws {UsageError} if the study names what does not exist, or what cannot be used
 * @throws {Error} if the device cannot be used here or a cell cannot be estimated
 */
export async function estimateBench(
  study: Study,
  worker: URL = workerEntry,
  jobs: number = navigator.hardwareConcurrency,
): Promise<EstimatedCell[]> {
  const all = await planCells(study);
  const byId = new Map(all.map((cell) => [cell.id, cell]));
  const cells = study.tuning ? all.filter(({ spec }) => !spec.trial) : all;
  const signal = new AbortController().signal;
  await Promise.all([requireDevice(study.device, worker), requireModels(cells, worker, signal)]);
  const estimated = await estimateCells(cells, threadsOf(jobs), true, worker);
  return estimated.map(({ cell, estimate }) => {
    const trials = cell.trials?.map((id) => byId.get(id)!.spec) ?? [];
    return { cell, estimate: withTrials(estimate, cell.spec, trials) };
  });
}

/**
 * Estimates cells without training, those that differ only in their seed once.
 * @param threads of each cell
 * @param calibrate measures the speed of this machine; otherwise no time is estimated
 * @throws {Error} if a cell cannot be estimated
 */
export async function estimateCells(
  cells: readonly Cell[],
  threads: number,
  calibrate: boolean,
  worker: URL = workerEntry,
): Promise<EstimatedCell[]> {
  const settings = new Map(cells.map((cell) => [settingId(cell.spec), cell]));
  const estimates: CellEstimate[] = [];
  const { reason } = await runWorker(
    { mode: "estimate", threads, calibrate, cells: [...settings.values()].map(({ id: _, ...cell }) => cell) },
    worker,
    new AbortController().signal,
    (message) => {
      if (message.type === "estimated") estimates.push(message.estimate);
    },
  );
  if (reason !== undefined) throw new Error(reason);
  const estimateOf = new Map([...settings.keys()].map((setting, at) => [setting, estimates[at]]));
  return cells.map((cell) => ({ cell, estimate: estimateOf.get(settingId(cell.spec))! }));
}

/** An estimate of a cell with its trials, of which the epochs tell the time, and of the chosen one, which takes as long as they do. */
function withTrials(estimate: CellEstimate, { training }: RunSpec, trials: readonly RunSpec[]): CellEstimate {
  const { seconds } = estimate;
  if (trials.length === 0 || seconds.value === null) return estimate;
  const epochs = trials.reduce((sum, trial) => sum + trial.training.epochs, 0);
  const value = seconds.value * (1 + 1 / trials.length) * epochs / training.epochs;
  return { ...estimate, seconds: { value } };
}

/** Threads of each cell where so many share the cores. */
function threadsOf(jobs: number): number {
  return Math.max(1, Math.floor(navigator.hardwareConcurrency / jobs));
}

/** Makes the results folder, checks that it can be written to, and removes what ended processes were writing there. */
async function makeResultsFolder(out: string): Promise<void> {
  try {
    for (const name of ["runs", "failed", "adapters"]) await Deno.mkdir(`${out}/${name}`, { recursive: true });
    await Deno.remove(await Deno.makeTempFile({ dir: `${out}/runs`, suffix: ".tmp" }));
  } catch (error) {
    throw new Error(`Cannot write results to ${out}: the folder must be writable, ${(error as Error).message}`);
  }
  for (const folder of [out, `${out}/runs`, `${out}/failed`, `${out}/adapters`]) await sweepDrafts(folder);
}
