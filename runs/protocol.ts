/**
 * What the launcher and its workers say to each other: one job on the worker's standard input, which then stays open
 * for as long as the launcher lives; messages as JSON lines on its standard output.
 * @module
 */
import type { DeviceReport } from "../engine/types.ts";
import type { CellPlan, Places, StepProgress } from "./cell.ts";
import type { Environment } from "./record.ts";
import type { RunSpec } from "./spec.ts";

/** What a worker is to do. */
export type Job =
  | Places & {
    mode: "run";
    spec: RunSpec;
    out: string;
    keep: boolean;
    environment: Omit<Environment, "started" | "device">;
  }
  | { mode: "plan"; cells: (Places & { spec: RunSpec })[] }
  | { mode: "inspect"; device: string };

/** What a worker says. */
export type Message =
  | ({ type: "step" } & StepProgress)
  /** The record is written. `score` is the test score that decides. */
  | { type: "done"; metric: string; score: number }
  /** One for each spec of a plan, in order. */
  | { type: "planned"; plan: CellPlan }
  | { type: "inspected"; report: DeviceReport }
  | { type: "failed"; reason: string };

/** Exit status of a worker whose launcher is gone. */
export const LAUNCHER_GONE = 3;
