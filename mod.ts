/**
 * TuneBench: compares ways of adapting a pretrained language model. What the command line does, as functions.
 *
 * ```ts ignore
 * import { bench, presets, writeReport } from "@tunebench/tunebench";
 *
 * await bench({ ...presets.quick.study, methods: ["lora", { lora: { rank: 4 } }] }, { out: "results" });
 * const { terminal } = await writeReport(["results"], "results/report");
 * console.log(terminal);
 * ```
 * @module
 */
export {
  bench,
  type BenchOptions,
  type BenchResult,
  estimateBench,
  type EstimatedCell,
} from "./runs/launch/launcher.ts";
export type { CellFailure } from "./runs/launch/cell-queue.ts";
export type { BenchEvent } from "./runs/launch/events.ts";
export { type Preset, presets } from "./runs/study/presets.ts";
export { type MethodEntry, parseStudy, readStudy, type Study } from "./runs/study/study.ts";
export type { Exclusion } from "./runs/study/points/exclude.ts";
export type { Grid, WithGrids } from "./runs/study/points/grid.ts";
export type { Cell, CellEstimate, LocalPaths } from "./runs/study/cell.ts";
export type { DataSpec, PartSpec, RunSpec, TrainingSpec } from "./runs/study/spec.ts";
export { openPredictor, Predictor } from "./runs/predict/predictor.ts";
export type {
  AdapterInfo,
  Answer,
  AnyAnswer,
  Classified,
  Estimated,
  Generated,
  Labelled,
  Line,
  PartialGeneration,
  PredictOptions,
  PredictorOptions,
} from "./runs/predict/types.ts";
export {
  type Environment,
  type Measured,
  type NoScores,
  type Prediction,
  RECORD_VERSION,
  type RunRecord,
  type Scores,
  type SplitRecord,
} from "./runs/study/record.ts";
export { type ReadRecords, readRecords, type UnreadableRecord } from "./runs/study/read-records.ts";
export { defineMethod, defineModel, defineTask } from "./plugin.ts";
export { mergeAdapter } from "./runs/adapters/merge.ts";
export { UsageError } from "./base/errors.ts";
export { fetchByName } from "./runs/study/fetch.ts";
export type { FetchOptions } from "./models/hub/snapshot.ts";
export type { RetryPolicy } from "./models/hub/request.ts";
export { writeReport, type WrittenReport } from "./reports/mod.ts";
export type * from "./engine/types.ts";
export type { Random } from "./base/random.ts";
export type { Tensor, Tensors } from "./engine/tensor.ts";
export type * from "./methods/types.ts";
export type * from "./models/types.ts";
export type * from "./tasks/types.ts";
export type { DescribedSpec, Description } from "./tasks/described/description.ts";
