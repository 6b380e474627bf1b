/**
 * What a worker asks of training.
 * @module
 */
import type { DeviceReport } from "../../engine/types.ts";
import type { CellEstimate, CellResult, LocalPaths } from "../study/cell.ts";
import type { RunSpec } from "../study/spec.ts";

/** A step of training. */
export interface StepProgress {
  /** Number of the step, from 1. */
  step: number;
  /** Number of all steps. */
  steps: number;
  /** Mean training loss of the step. */
  loss: number;
}

/** How a cell is run; decides nothing. */
export interface CellOptions extends LocalPaths {
  /** Processor threads. */
  threads: number;
  /** Results folder; adapters are written there. */
  out: string;
  /** Whether models tuned in full are stored too. */
  keep: boolean;
  /** Told about steps. */
  onProgress(progress: StepProgress): void;
}

/** Runs and plans cells. */
export interface CellRunner {
  /** Trains and evaluates. @throws {Error} if it cannot, or if an integrity check fails */
  runCell(spec: RunSpec, options: CellOptions): Promise<CellResult>;
  /** Plans without training. */
  estimateCell(spec: RunSpec, places: LocalPaths): Promise<CellEstimate>;
  /** Looks at a device of this machine. */
  inspectDevice(name: string): Promise<DeviceReport>;
}
