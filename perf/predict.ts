/**
 * Answers texts with many adapters of one model, or with several models, in turns. Each order is a
 * {@linkcode ServeOrder}, answered with a {@linkcode Served}.
 *
 *     deno run … perf/predict.ts SERVE_JOB
 * @module
 */
import { collectGarbage } from "../engine/garbage.ts";
import { devices } from "../engine/devices/mod.ts";
import { lookUp } from "../base/errors.ts";
import { type Line, openPredictor, type Predictor } from "../runs/predict/predictor.ts";
import { THREADS } from "./cases.ts";
import { answer, readOrder } from "./answer.ts";

/** What is opened: each model with its adapters. */
export interface ServeJob {
  /** Folders. */
  models: { model: string; adapters: string[] }[];
  /** Name of the device. */
  device: string;
}

/** Texts to answer. */
export interface ServeOrder {
  /** At once. */
  lines: number;
  /** Whether each is for the next adapter or model, or all of a call for one. */
  different: boolean;
  /** Calls. */
  calls: number;
}

/** What it took. */
export interface Served {
  /** Of each call. */
  milliseconds: number[];
  /** Resident size now, in bytes. */
  resident: number;
  /** The same before anything was opened, libraries loaded. */
  before: number;
}

/** Texts that fill the batches of any number of adapters alike. */
const FULL = 128;
/** Characters of a text. */
const LENGTH = 16;

const job: ServeJob = JSON.parse(Deno.args[0]);
const signature = { weights: {}, parameters: { x: [1] }, inputs: {} };
const warm = await lookUp("device", devices, job.device)
  .compile(({ parameters }) => ({ sum: parameters.x.sum() }), signature, { threads: THREADS });
await warm.release();
const before = Deno.memoryUsage().rss;

const places: { predictor: Predictor; adapter: string }[] = [];
for (const { model, adapters } of job.models) {
  const predictor = await openPredictor({ model, adapters, device: job.device, threads: THREADS });
  for (const { name } of predictor.adapters) places.push({ predictor, adapter: name });
}
let turn = 0;

async function call({ lines, different }: ServeOrder): Promise<number> {
  const asked = new Map<Predictor, Line[]>();
  for (let at = 0; at < lines; at++) {
    const { predictor, adapter } = places[different ? turn++ % places.length : turn % places.length];
    const own = asked.get(predictor) ?? [];
    asked.set(predictor, own);
    own.push({ text: String.fromCharCode(97 + at % 26).repeat(LENGTH), adapter });
  }
  if (!different) turn++;
  const begun = performance.now();
  for (const [predictor, lines] of asked) await Array.fromAsync(predictor.predict(lines));
  return performance.now() - begun;
}

// Every adapter and every model is read once, in batches as large as they get.
await call({ lines: Math.max(places.length, FULL), different: true, calls: 1 });
for (;;) {
  const order: ServeOrder = JSON.parse(await readOrder());
  const milliseconds: number[] = [];
  for (let at = 0; at < order.calls; at++) milliseconds.push(await call(order));
  collectGarbage("major");
  answer({ milliseconds, resident: Deno.memoryUsage().rss, before } satisfies Served);
}
