/**
 * TuneBench predicts with many adapters of one model, or with several models. A request is a {@linkcode PredictRequest} as
 * JSON, answered with a {@linkcode PredictRound}.
 *
 *     deno run … perf/programs/predict.ts PREDICTOR_SETUP
 * @module
 */
import { collectGarbage } from "../../engine/garbage.ts";
import { devices } from "../../engine/devices/mod.ts";
import { lookUp } from "../../base/errors.ts";
import { openPredictor, type Predictor } from "../../runs/predict/predictor.ts";
import type { Line } from "../../runs/predict/types.ts";
import { THREADS } from "../cases.ts";
import { answer, readRequest } from "./requests.ts";

/** What is opened: each model with its adapters. */
export interface PredictorSetup {
  /** Folders of the models, each with the folders of its adapters. */
  models: { model: string; adapters: string[] }[];
  /** Name of the device. */
  device: string;
}

/** Texts to predict. */
export interface PredictRequest {
  /** Texts of a call. */
  texts: number;
  /** Whether each text of a call is for the next adapter or model, or all of them are for the same. */
  different: boolean;
  /** Number of calls. */
  calls: number;
}

/** What a round measured. */
export interface PredictRound {
  /** Duration of each call. */
  milliseconds: number[];
  /** Resident size now, in bytes. */
  resident: number;
  /** Resident size before anything was opened, libraries loaded, in bytes. */
  before: number;
}

/** A number of texts that fills the largest batch. */
const LARGEST_BATCH = 128;
/** Characters of a text. */
const LENGTH = 16;

const setup: PredictorSetup = JSON.parse(Deno.args[0]);
const signature = { weights: {}, parameters: { x: [1] }, inputs: {} };
// Loads the libraries, so that the memory measured afterwards is that of models and adapters.
const warm = await lookUp("device", devices, setup.device)
  .compile(({ parameters }) => ({ sum: parameters.x.sum() }), signature, { threads: THREADS });
await warm.release();
const before = Deno.memoryUsage().rss;

const targets: { predictor: Predictor; adapter: string }[] = [];
for (const { model, adapters } of setup.models) {
  const predictor = await openPredictor({ model, adapters, device: setup.device, threads: THREADS });
  for (const { name } of predictor.adapters) targets.push({ predictor, adapter: name });
}
/** Number of times that the target has changed. */
let changes = 0;

/** Predicts so many texts at once; returns the duration in milliseconds. */
async function call({ texts, different }: PredictRequest): Promise<number> {
  const lines = new Map<Predictor, Line[]>();
  for (let at = 0; at < texts; at++) {
    const { predictor, adapter } = targets[different ? changes++ % targets.length : changes % targets.length];
    const ofPredictor = lines.get(predictor) ?? [];
    lines.set(predictor, ofPredictor);
    ofPredictor.push({ text: String.fromCharCode(97 + at % 26).repeat(LENGTH), adapter });
  }
  if (!different) changes++;
  const begun = performance.now();
  for (const [predictor, some] of lines) await Array.fromAsync(predictor.predict(some));
  return performance.now() - begun;
}

// Before the first round, each adapter and model is used once, in the largest batches.
await call({ texts: Math.max(targets.length, LARGEST_BATCH), different: true, calls: 1 });
for (;;) {
  const request: PredictRequest = JSON.parse(await readRequest());
  const milliseconds: number[] = [];
  for (let at = 0; at < request.calls; at++) milliseconds.push(await call(request));
  collectGarbage("major");
  answer({ milliseconds, resident: Deno.memoryUsage().rss, before } satisfies PredictRound);
}
