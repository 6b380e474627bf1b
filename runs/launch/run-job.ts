/**
 * The worker's side of the protocol: it does one job, then ends the process.
 * @module
 */
import { lookUp, UsageError } from "../../base/errors.ts";
import { readLines } from "../../base/files.ts";
import { devices } from "../../engine/devices/mod.ts";
import type { DeviceReport } from "../../engine/types.ts";
import { lookAtModel } from "../../models/mod.ts";
import { requireReadable } from "../training/estimates/require-readable.ts";
import { memoryFigures } from "../training/memory.ts";
import type { Environment } from "../study/record.ts";
import { knownScores, type RunRecord } from "../study/record.ts";
import { runId } from "../study/spec.ts";
import { isTrialSpec } from "../study/tuning/trial-record.ts";
import { chosenSpec, flagOtherThanTrial } from "../study/tuning/tuned-record.ts";
import { type CellOptions, type CellRunner, Stopped } from "../training/cell-runner.ts";
import { removeCheckpoints } from "../training/checkpoints/paths.ts";
import { failureOf } from "../plugins/failure.ts";
import { hear } from "../plugins/said.ts";
import type { PluginPaths } from "../plugins/types.ts";
import { type Job, LAUNCHER_GONE, type Message, type Order } from "./protocol.ts";
import { type Circumstances, writeRecord, writeTrial } from "../study/write.ts";

type RunJob = Job & { mode: "run" };

/** Seconds in which the speed of this machine is measured before cells are estimated, at most. */
const CALIBRATION = 10;

/** Seconds in which the speed of one cell's program is measured, at most; half of it are first calls. */
const LONGEST_MEASUREMENT = 1;

/** Least seconds between two reports of progress. */
const REPORT_EVERY = 0.1;

/**
 * Reads a job from standard input, does it and ends the process. If standard input closes first, the launcher is gone
 * and the process ends at once.
 */
export async function runJob(runner: CellRunner): Promise<never> {
  // Ctrl-C reaches every process of the group, and SIGTERM every process of a job of Slurm; the launcher decides what becomes of a run.
  Deno.addSignalListener("SIGINT", () => {});
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", () => {});
  const { job: read, room, stop } = readInput();
  const job = await read;
  const plugins = pluginsOf(job);
  try {
    if (Object.keys(plugins).length > 0) {
      const { loadPlugins } = await import("../plugins/load.ts");
      hear(plugins, (name, text) => send({ type: "said", name, text }));
      await loadPlugins(plugins);
    }
    if (job.mode === "run") await run(job, runner, room, stop);
    else if (job.mode === "estimate") await estimate(job, runner);
    else if (job.mode === "look") await look(job);
    else if (job.mode === "control") send({ type: "controlled", record: await runner.controlCell!(job.spec, job) });
    else if (job.mode === "inspect") send({ type: "inspected", report: await inspect(job.device) });
    // Loaded when it is asked for, as what it loads would count as memory of every worker.
    else await (await import("./plugins/answer.ts")).answer(job, send);
  } catch (error) {
    if (error instanceof Stopped) Deno.exit(0);
    console.error(error);
    const { stack } = error as Partial<Error>;
    send({ type: "failed", reason: failureOf(reasonOf(error), plugins, stack), usage: error instanceof UsageError });
    Deno.exit(1);
  }
  Deno.exit(0);
}

/** The plug-ins of a job. */
function pluginsOf(job: Job): PluginPaths {
  if (job.mode === "estimate") return Object.assign({}, ...job.cells.map(({ plugins }) => plugins));
  return job.mode === "inspect" ? {} : job.plugins ?? {};
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!(error instanceof RangeError) || !/allocation failed|array length/i.test(error.message)) return error.message;
  return `Cannot allocate memory: the cell must fit into it, ${error.message}`;
}

async function run(job: RunJob, runner: CellRunner, room: Promise<void>, stop: AbortSignal): Promise<void> {
  const started = new Date().toISOString();
  const { spec, tuning, out } = job;
  const id = runId(spec);
  let reported = -Infinity;
  let trains = false;
  // Before the first step there is nothing to save. After the last one the record may be near.
  const endNow = () => (trains && job.checkpoint > 0) || Deno.exit(0);
  stop.addEventListener("abort", endNow);
  if (stop.aborted) endNow();
  const options: CellOptions = {
    folder: job.folder,
    taskFiles: job.taskFiles,
    tables: job.tables,
    from: job.from,
    threads: job.environment.threads,
    out,
    id,
    keep: job.keep,
    ...job.checkpoint > 0 && {
      checkpoint: {
        every: job.checkpoint,
        started,
        environment: job.environment,
        stop,
        onSaved: (step) => send({ type: "saved", step }),
        onResumed: (step) => send({ type: "resumed", step }),
        onRemark: (text) => send({ type: "remark", text }),
      },
    },
    onPlanned: (bytes) => send({ type: "planned", bytes }),
    reserve(bytes) {
      send({ type: "reserve", bytes });
      return room;
    },
    onProgress(progress) {
      trains = true;
      const now = performance.now() / 1000;
      if (now - reported < REPORT_EVERY && progress.step < progress.steps) return;
      reported = now;
      send({ type: "step", ...progress });
    },
  };
  const circumstancesOf = ({ time }: Pick<RunRecord, "time">) => circumstances(job, time.parts?.[0].started ?? started);
  if (isTrialSpec(spec)) {
    const result = await runner.runTrial(spec, options);
    await writeTrial(out, spec, result, await circumstancesOf(result));
    await removeCheckpoints(out, id);
    const metric = result.metrics[0].name;
    send({ type: "done", metric, score: knownScores(result.scores.validation)?.[metric] ?? null });
  } else {
    const result = await runner.runCell(tuning ? chosenSpec(spec, tuning) : spec, options);
    const metric = result.metrics[0].name;
    if (tuning) result.checks.flags.push(flagOtherThanTrial(tuning, metric, result.scores.validation[metric]));
    await writeRecord(out, spec, result, await circumstancesOf(result), tuning);
    await removeCheckpoints(out, id);
    send({ type: "done", metric, score: result.scores.test[metric] });
  }
}

/** Memory and environment of a run that has just ended. */
async function circumstances(job: RunJob, started: string): Promise<Circumstances> {
  const memory = memoryFigures();
  // Only after the run: inspecting loads the device's library, and a library loaded before the run would not learn its
  // number of threads.
  const { provider, hardware, driver, versions } = await inspect(job.spec.device);
  const environment: Environment = {
    ...job.environment,
    versions: { ...job.environment.versions, ...versions },
    device: { name: job.spec.device, provider, hardware, driver },
    started,
  };
  return { memory, environment };
}

async function estimate(job: Job & { mode: "estimate" }, runner: CellRunner): Promise<void> {
  const secondsPerCell = Math.min(LONGEST_MEASUREMENT, CALIBRATION / job.cells.length) / 2;
  const secondsLeft = job.calibrate ? CALIBRATION : 0;
  const calibration = { threads: job.threads, secondsLeft, secondsPerCell, models: new Map() };
  for (const { spec, ...paths } of job.cells) {
    send({ type: "estimated", estimate: await runner.estimateCell(spec, paths, calibration) });
  }
}

async function look(job: Job & { mode: "look" }): Promise<void> {
  for (const { name, folder, settings } of job.models) {
    const fault = await lookAtModel(name, folder).then((model) => requireReadable(model, settings))
      .then(() => null, reasonOf);
    send({ type: "looked", fault });
  }
}

function inspect(device: string): Promise<DeviceReport> {
  return lookUp("device", devices, device).inspect();
}

function send(message: Message): void {
  const bytes = new TextEncoder().encode(`${JSON.stringify(message)}\n`);
  for (let written = 0; written < bytes.length;) written += Deno.stdout.writeSync(bytes.subarray(written));
}

/**
 * What standard input brings: the job first, then orders, that there is room for it and that it must stop. When the input ends,
 * the launcher has ended.
 */
function readInput(): { job: Promise<Job>; room: Promise<void>; stop: AbortSignal } {
  const job = Promise.withResolvers<Job>();
  const room = Promise.withResolvers<void>();
  const stop = new AbortController();
  const follow = (order: Order) => order.type === "room" ? room.resolve() : stop.abort();
  const read = async () => {
    let lines = 0;
    for await (const line of readLines(Deno.stdin.readable)) {
      const value = JSON.parse(line);
      if (lines++ === 0) job.resolve(value);
      else follow(value);
    }
    Deno.exit(LAUNCHER_GONE);
  };
  read();
  return { job: job.promise, room: room.promise, stop: stop.signal };
}
