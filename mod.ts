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
export { bench, planBench } from "./runs/launcher.ts";
export type { BenchEvent, BenchOptions, BenchResult, CellFailure, PlannedCell } from "./runs/launcher.ts";
export { presets } from "./runs/presets.ts";
export type { Preset } from "./runs/presets.ts";
export { parseStudy, readStudy } from "./runs/study.ts";
export type { MethodEntry, Study } from "./runs/study.ts";
export type { Cell } from "./runs/plan.ts";
export type { CellPlan, Places } from "./runs/cell.ts";
export type { DataSpec, PartSpec, RunSpec, TrainingSpec } from "./runs/spec.ts";
export { openPredictor, Predictor } from "./runs/predictor.ts";
export type {
  AdapterFacts,
  Answer,
  AnyAnswer,
  Classified,
  Generated,
  Growing,
  Line,
  PredictOptions,
  PredictorOptions,
} from "./runs/predictor.ts";
export { readRecords, RECORD_VERSION } from "./runs/record.ts";
export type {
  Environment,
  Measured,
  NoScores,
  Prediction,
  ReadRecords,
  RunRecord,
  Scores,
  SplitRecord,
  UnreadableRecord,
} from "./runs/record.ts";
export { mergeAdapter } from "./runs/merge.ts";
export { UsageError } from "./runs/usage-error.ts";
export { fetchByName } from "./runs/fetch.ts";
export type { FetchOptions } from "./models/hub.ts";
export type { Patience } from "./models/hub-request.ts";
export { writeReport } from "./reports/mod.ts";
export type { WrittenReport } from "./reports/mod.ts";
export type * from "./engine/types.ts";
export type { Random } from "./engine/random.ts";
export type { Tensor, Tensors } from "./engine/tensor.ts";
export type * from "./methods/types.ts";
export type * from "./models/types.ts";
export type * from "./tasks/types.ts";
