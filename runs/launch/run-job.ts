/**
 * The worker's side of the protocol: it does one job, then ends the process.
 * @module
 */
import { lookUp } from "../../base/errors.ts";
import { readLines } from "../../base/files.ts";
import { devices } from "../../engine/devices/mod.ts";
import type { DeviceReport } from "../../engine/types.ts";
import { lookAtModel } from "../../models/mod.ts";
import { memoryFigures } from "../training/memory.ts";
import type { Environment } from "../study/record.ts";
import type { CellRunner } from "../training/cell-runner.ts";
import { type Job, LAUNCHER_GONE, type Message } from "./protocol.ts";
import { writeRecord } from "../study/write.ts";

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
  // Ctrl-C reaches every process of the group; the launcher decides what becomes of a run.
  Deno.addSignalListener("SIGINT", () => {});
  const { job: read, room } = readInput();
  const job = await read;
  try {
    if (job.mode === "run") await run(job, runner, room);
    else if (job.mode === "estimate") await estimate(job, runner);
    else if (job.mode === "look") await look(job);
    else if (job.mode === "control") send({ type: "controlled", record: await runner.controlCell!(job.spec, job) });
    else send({ type: "inspected", report: await inspect(job.device) });
  } catch (error) {
    console.error(error);
    send({ type: "failed", reason: reasonOf(error) });
    Deno.exit(1);
  }
  Deno.exit(0);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!(error instanceof RangeError) || !/allocation failed|array length/i.test(error.message)) return error.message;
  return `Cannot allocate memory: the cell must fit into it, ${error.message}`;
}

async function run(job: Job & { mode: "run" }, runner: CellRunner, room: Promise<void>): Promise<void> {
  const started = new Date().toISOString();
  let reported = -Infinity;
  const result = await runner.runCell(job.spec, {
    folder: job.folder,
    taskFiles: job.taskFiles,
    from: job.from,
    threads: job.environment.threads,
    out: job.out,
    keep: job.keep,
    onPlanned: (bytes) => send({ type: "planned", bytes }),
    reserve(bytes) {
      send({ type: "reserve", bytes });
      return room;
    },
    onProgress(progress) {
      const now = performance.now() / 1000;
      if (now - reported < REPORT_EVERY && progress.step < progress.steps) return;
      reported = now;
      send({ type: "step", ...progress });
    },
  });
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
  await writeRecord(job.out, job.spec, result, memory, environment);
  const metric = result.metrics[0].name;
  send({ type: "done", metric, score: result.scores.test[metric] });
}

async function estimate(job: Job & { mode: "estimate" }, runner: CellRunner): Promise<void> {
  const secondsPerCell = Math.min(LONGEST_MEASUREMENT, CALIBRATION / job.cells.length) / 2;
  const calibration = { threads: job.threads, secondsLeft: CALIBRATION, secondsPerCell };
  for (const { spec, ...paths } of job.cells) {
    send({ type: "estimated", estimate: await runner.estimateCell(spec, paths, calibration) });
  }
}

async function look(job: Job & { mode: "look" }): Promise<void> {
  for (const { name, folder } of job.models) {
    const fault = await lookAtModel(name, folder).then(() => null, reasonOf);
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
 * The first line of standard input, the job, and the second, which says that there is room for it. Reading goes on after them:
 * when the input ends, the launcher has ended.
 */
function readInput(): { job: Promise<Job>; room: Promise<void> } {
  const job = Promise.withResolvers<Job>();
  const room = Promise.withResolvers<void>();
  const read = async () => {
    let lines = 0;
    for await (const line of readLines(Deno.stdin.readable)) {
      if (lines++ === 0) job.resolve(JSON.parse(line));
      else room.resolve();
    }
    Deno.exit(LAUNCHER_GONE);
  };
  read();
  return { job: job.promise, room: room.promise };
}
