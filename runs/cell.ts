/**
 * What the worker asks of training.
 * @module
 */
import type { DeviceReport, MemoryPlan } from "../engine/types.ts";
import type { RunRecord } from "./record.ts";
import type { RunSpec } from "./spec.ts";

/** All of a record that training knows. */
export type CellResult =
  & Omit<RunRecord, "version" | "id" | "setting" | "spec" | "memory" | "environment">
  & { planned: MemoryPlan };

/** A step of training. */
export interface StepProgress {
  /** Number of the step, from 1. */
  step: number;
  /** Number of all steps. */
  steps: number;
  /** Mean training loss of the step. */
  loss: number;
}

/** Where on this machine lies what a spec names by its checksum. */
export interface Places {
  /** The model, if it is a folder. */
  folder?: string;
  /** The folder of the task's files, if users give them. */
  dataFolder?: string;
  /** The adapter that training starts from. */
  from?: string;
}

/** How a cell is run; decides nothing. */
export interface CellOptions extends Places {
  /** Processor threads. */
  threads: number;
  /** Results folder; adapters are written there. */
  out: string;
  /** Whether models tuned in full are stored too. */
  keep: boolean;
  /** Told about steps. */
  onProgress(progress: StepProgress): void;
}

/** What is known of a cell before it runs. */
export interface CellPlan {
  /** Numbers of trained values. */
  parameters: RunRecord["parameters"];
  /** Memory of a training step. */
  planned: MemoryPlan;
}

/** Runs and plans cells. */
export interface CellRunner {
  /** Trains and evaluates. @throws {Error} if it cannot, or if an integrity check fails */
  runCell(spec: RunSpec, options: CellOptions): Promise<CellResult>;
  /** Plans without training. */
  planCell(spec: RunSpec, places: Places): Promise<CellPlan>;
  /** Looks at a device of this machine. */
  inspectDevice(name: string): Promise<DeviceReport>;
}
