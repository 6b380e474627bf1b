/**
 * What the launcher and its workers say to each other. The launcher writes one job to the worker's standard input and
 * keeps it open for as long as it lives. The worker writes messages, a line of JSON each, to its standard output. Where it asks
 * for memory, it waits for a second line, `{}`.
 * @module
 */
import type { DeviceReport } from "../../engine/types.ts";
import type { CellEstimate, LocalPaths } from "../study/cell.ts";
import type { StepProgress } from "../training/cell-runner.ts";
import type { ControlRecord } from "../study/controls/control-record.ts";
import type { Environment } from "../study/record.ts";
import type { RunSpec } from "../study/spec.ts";

/** A model, and where its files lie; one of the table has no folder. */
export interface ModelFiles extends Pick<LocalPaths, "folder"> {
  /** Its name. */
  name: string;
}

/** What a worker has to do. */
export type Job =
  | LocalPaths & {
    mode: "run";
    spec: RunSpec;
    out: string;
    keep: boolean;
    environment: Omit<Environment, "started" | "device">;
  }
  | { mode: "estimate"; threads: number; cells: (LocalPaths & { spec: RunSpec })[] }
  | LocalPaths & { mode: "control"; spec: RunSpec; out: string; threads: number }
  | { mode: "inspect"; device: string }
  | { mode: "look"; models: ModelFiles[] };

/** What a worker says. */
export type Message =
  /** Bytes that training takes at least. */
  | { type: "planned"; bytes: number }
  /** Bytes of the planned step, for which the worker waits. */
  | { type: "reserve"; bytes: number }
  | ({ type: "step" } & StepProgress)
  /** The record is written. `score` is the test score by `metric`, the first of the task's. */
  | { type: "done"; metric: string; score: number }
  /** One for each cell to estimate, in order. */
  | { type: "estimated"; estimate: CellEstimate }
  /** The negative controls are written. */
  | { type: "controlled"; record: ControlRecord }
  | { type: "inspected"; report: DeviceReport }
  /** One for each model to look at, in order: why it cannot be used, or null. */
  | { type: "looked"; fault: string | null }
  | { type: "failed"; reason: string };

/** Exit status of a worker whose launcher has ended. */
export const LAUNCHER_GONE = 3;

/** What the launcher says to its watchdog: a worker has started or, without files, has ended. */
export interface WatchdogLine {
  /** Its process id. */
  pid: number;
  /** What is removed when the watchdog has ended it. */
  files?: readonly string[];
}
