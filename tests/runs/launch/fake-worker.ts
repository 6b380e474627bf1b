/**
 * A worker that speaks the real protocol and trains nothing. What it does follows from the seed.
 * @module
 */
import "../../../runs/training/memory.ts";
import type { CellOptions } from "../../../runs/training/cell-runner.ts";
import type { CellResult, TrialResult } from "../../../runs/study/cell.ts";
import { markBeforeTraining } from "../../../runs/training/memory.ts";
import { runJob } from "../../../runs/launch/run-job.ts";
import { hashExamples } from "../../../runs/study/check-record.ts";
import type { RunSpec } from "../../../runs/study/spec.ts";

/** Seeds that make the fake worker misbehave. */
export const FAILS_ONCE = 90,
  CRASHES = 91,
  HANGS = 92,
  GROWS = 93,
  SPINS = 94,
  SLEEPS = 95,
  TELLS_TOKEN = 96,
  KILLED = 97,
  ALLOCATES = 98,
  STOPS = 99;

/** From this seed on, a run wants most of the free memory, and is as with the seeds from {@linkcode LOGS} on. */
export const RESERVES = 200;

/** From this seed on, a run takes a while and writes its start and its end, with its launcher's process id, into `log`. */
export const LOGS = 100;

const planned = { weights: 1, parameters: 2, gradients: 3, optimiser: 4, activations: 5, runtime: 0, total: 15 };
const parameters = { trainable: 10, method: 8, head: 2, storedBytes: 40 };

/** Bytes that {@linkcode GROWS} keeps resident. */
export const GROWTH = 200e6;

async function runCell(spec: RunSpec, options: CellOptions): Promise<CellResult> {
  console.log("a library that prints to standard output");
  options.onProgress({ step: 1, steps: 2, loss: 0.5 });
  const kept = await misbehave(spec, options);
  options.onProgress({ step: 2, steps: 2, loss: kept === null ? 0.25 : 0.125 });
  return resultOf(spec);
}

/** Does what the seed stands for. @returns memory that is to be kept until the end; null if there is none */
async function misbehave(spec: RunSpec, { out, onPlanned, reserve }: CellOptions): Promise<Uint8Array | null> {
  const log = (what: string) =>
    Deno.writeTextFile(`${out}/log`, `${what} ${spec.seed}/${spec.method[0].name} ${Deno.ppid}\n`, { append: true });
  if (spec.seed >= RESERVES) await reserve!(0.9 * Deno.systemMemoryInfo().available);
  if (spec.seed >= LOGS) {
    await log("start");
    await new Promise((resolve) => setTimeout(resolve, 200));
    await log("end");
  }
  switch (spec.seed) {
    case FAILS_ONCE: {
      const mark = `${out}/tried`;
      const tried = await Deno.stat(mark).then(() => true, () => false);
      await Deno.writeTextFile(mark, "");
      if (!tried) throw new Error("Cannot train: this is the first time");
      break;
    }
    case CRASHES:
      console.error("out of luck");
      Deno.exit(7);
      break;
    case HANGS:
      await Deno.writeTextFile(`${out}/pid-${spec.method[0].name}`, String(Deno.pid));
      await new Promise((resolve) => setTimeout(resolve, 600_000));
      break;
    case SPINS:
      await Deno.writeTextFile(`${out}/pid-${spec.method[0].name}`, String(Deno.pid));
      // A regular expression that runs away: the event loop stands still.
      /^(a|a)*$/.test(`${"a".repeat(60)}b`);
      break;
    case SLEEPS:
      await Deno.writeTextFile(`${out}/pid-${spec.method[0].name}`, String(Deno.pid));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600_000);
      break;
    case TELLS_TOKEN:
      throw new Error(`HF_TOKEN is ${Deno.env.get("HF_TOKEN")}`);
    case KILLED:
      onPlanned!(1.5 * 2 ** 30);
      Deno.kill(Deno.pid, "SIGKILL");
      break;
    case STOPS:
      Deno.kill(Deno.pid, "SIGSTOP");
      await new Promise((resolve) => setTimeout(resolve, 600_000));
      break;
    case ALLOCATES:
      return new Uint8Array(2 ** 52);
    case GROWS:
      markBeforeTraining();
      return new Uint8Array(GROWTH).fill(1);
  }
  return null;
}

function resultOf({ data: { train, validation } }: RunSpec): CellResult {
  const predictions = [[0, 0], [0, 0], [1, 1], [1, 0]].map(([label, predicted], at) => ({
    id: `${at}`,
    label,
    predicted,
  }));
  return {
    task: {
      labels: ["a", "b"],
      labelling: "fake",
      licence: "none",
      citation: "none",
      source: [],
      splits: {
        train: { size: train, sha256: "0" },
        validation: { size: validation, sha256: "0" },
        test: { size: predictions.length, sha256: hashExamples(predictions) },
      },
    },
    model: { sha256: "0", licence: "none", citation: "none", parameters: 100 },
    metrics: [{ name: "accuracy", unit: "fraction", direction: "higher" }],
    scores: { validation: { accuracy: 1 }, test: { accuracy: 0.75 }, majority: { accuracy: 0.5 } },
    bestEpoch: 1,
    curve: { stepLoss: [0.5, 0.25], validation: [{ accuracy: 1 }] },
    predictions,
    parameters,
    planned,
    time: {
      trainSeconds: 1,
      compileSeconds: 0,
      evaluateSeconds: 0,
      examplesPerSecond: 1,
      tokensPerSecond: { value: 1 },
      padding: { value: 0 },
    },
    checks: { integrity: [], flags: [] },
  };
}

/** A trial with this seed diverges if its step size is larger than that of LoRA's default, and one with the next seed fails. */
export const DIVERGES = 80,
  TRIAL_FAILS_ONCE = 81;

/** The score of a trial: the nearer its step size to 0.01, the better. */
export function scoreOf({ method: [{ options }] }: RunSpec): number {
  return 1 - Math.abs(Math.log10(Number(options.learningRate)) + 2) / 10;
}

async function runTrial(spec: RunSpec, options: CellOptions): Promise<TrialResult> {
  const rate = Number(spec.method[0].options.learningRate);
  if (spec.seed === TRIAL_FAILS_ONCE && rate > 3e-3) {
    const mark = `${options.out}/tried`;
    const tried = await Deno.stat(mark).then(() => true, () => false);
    await Deno.writeTextFile(mark, "");
    if (!tried) throw new Error("Cannot train: this is the first time");
  }
  const { predictions: _, scores: __, task, ...rest } = await runCell(spec, options);
  const { test: ___, ...splits } = task.splits;
  const scores = { accuracy: scoreOf(spec) };
  const diverged = { value: null, reason: "Cannot go on training: the loss of step 2 is NaN" };
  return {
    ...rest,
    task: { ...task, splits },
    curve: { ...rest.curve, validation: [scores] },
    ...spec.seed === DIVERGES && rate > 3e-3
      ? { scores: { validation: diverged }, loss: diverged }
      : { scores: { validation: scores }, loss: { value: 0.5 } },
  };
}

if (import.meta.main) {
  await runJob({
    runCell,
    runTrial,
    estimateCell: ({ method: [{ name }] }) =>
      Promise.resolve({ parameters: { ...parameters, trainable: 10 + name.length }, planned, seconds: { value: 2 } }),
  });
}
