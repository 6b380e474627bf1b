/**
 * What a worker needs from training. Nothing but types and a constant, so that the launcher can name them without loading a library.
 * @module
 */
import type { CellEstimate, CellResult, LocalPaths } from "../study/cell.ts";
import type { ControlRecord } from "../study/controls/control-record.ts";
import type { RunSpec } from "../study/spec.ts";

/** A finished step of training. */
export interface StepProgress {
  /** Number of the step, from 1. */
  step: number;
  /** Number of all steps. */
  steps: number;
  /** Mean training loss of the step's batch. */
  loss: number;
}

/** How a cell is run; none of it decides a result. */
export interface CellOptions extends LocalPaths {
  /** Processor threads. */
  threads: number;
  /** Results folder; adapters are written there. */
  out: string;
  /** Whether fully trained models are stored too. */
  keep: boolean;
  /** Called with the bytes that training takes at least, before the step is planned. */
  onPlanned?(bytes: number): void;
  /** Called with the bytes of the planned step; resolves when they fit beside what others have planned. */
  reserve?(bytes: number): Promise<void>;
  /** Called after each step. */
  onProgress(progress: StepProgress): void;
}

/** What is known of this machine's speed, and what may be spent to know more. */
export interface Calibration {
  /** Processor threads of a cell. */
  threads: number;
  /** Seconds that may still be spent on measuring. */
  secondsLeft: number;
  /** Seconds to measure one cell's program. */
  secondsPerCell: number;
  /** FLOPs a second, as measured last. */
  rate?: number;
}

/** Nothing is known, and nothing measured. */
export const NOT_CALIBRATED: Readonly<Calibration> = { threads: 1, secondsLeft: 0, secondsPerCell: 0 };

/** Runs and estimates cells. */
export interface CellRunner {
  /** Trains and evaluates. @throws {Error} if it cannot, or if an integrity check fails */
  runCell(spec: RunSpec, options: CellOptions): Promise<CellResult>;
  /** Counts parameters, plans memory and estimates time without training; `calibration` is brought up to date. */
  estimateCell(spec: RunSpec, paths: LocalPaths, calibration: Calibration): Promise<CellEstimate>;
  /** Runs the negative controls of a cell. @throws {Error} if it cannot be trained */
  controlCell?(spec: RunSpec, options: LocalPaths & Pick<CellOptions, "threads" | "out">): Promise<ControlRecord>;
}
