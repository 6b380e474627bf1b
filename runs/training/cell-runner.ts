/**
 * What a worker needs from training. Nothing but types, an error and a constant, so that the launcher can name them without
 * loading a library.
 * @module
 */
import type { Environment } from "../study/record.ts";
import type { CellEstimate, CellResult, LocalPaths, TrialResult } from "../study/cell.ts";
import type { ControlRecord } from "../study/controls/control-record.ts";
import type { OpenedModel } from "../study/find-model.ts";
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

/** A cell was told to end before it had a result. */
export class Stopped extends Error {
  /** Says so. */
  constructor() {
    super("Cannot finish the cell: it was told to end");
  }
}

/** How a cell is saved on its way, so that it can go on from there. */
export interface CheckpointOptions {
  /** Seconds between two checkpoints, at least: more where saving takes long. */
  every: number;
  /** When this process began, in ISO 8601. */
  started: string;
  /** The machine and the versions: a checkpoint of others is not used. */
  environment: Pick<Environment, "suite" | "versions" | "arch" | "processor">;
  /** Has the cell saved between two steps, and ended. */
  stop: AbortSignal;
  /** Called after each checkpoint, with the number of steps that it holds. */
  onSaved(step: number): void;
  /** Called if training goes on after so many steps. */
  onResumed(step: number): void;
  /** Called with a sentence, if a checkpoint cannot be used or written. */
  onRemark(text: string): void;
}

/** How a cell is run; none of it decides a result. */
export interface CellOptions extends LocalPaths {
  /** Processor threads. */
  threads: number;
  /** Results folder; adapters are written there. */
  out: string;
  /** Id of the run; left out: that of the spec. A tuned run has the options of a trial in place of those of its own spec. */
  id?: string;
  /** Whether fully trained models are stored too. */
  keep: boolean;
  /** Left out: the cell is neither saved, nor does it go on from a checkpoint. */
  checkpoint?: CheckpointOptions;
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
  /** Models that cells were estimated on, by where they lie, with the seconds that it took to open them. Absent: each cell opens its own. */
  models?: Map<string, OpenedModel & { seconds: number }>;
}

/** Nothing is known, and nothing measured. */
export const NOT_CALIBRATED: Readonly<Calibration> = { threads: 1, secondsLeft: 0, secondsPerCell: 0 };

/** Runs and estimates cells. */
export interface CellRunner {
  /** Trains and evaluates. @throws {Stopped} if it is told to @throws {Error} if it cannot, or if an integrity check fails */
  runCell(spec: RunSpec, options: CellOptions): Promise<CellResult>;
  /** As `runCell`, of a trial: it has no test score. */
  runTrial(spec: RunSpec, options: CellOptions): Promise<TrialResult>;
  /** Counts parameters, plans memory and estimates time without training; `calibration` is brought up to date. */
  estimateCell(spec: RunSpec, paths: LocalPaths, calibration: Calibration): Promise<CellEstimate>;
  /** Runs the negative controls of a cell. @throws {Error} if it cannot be trained */
  controlCell?(spec: RunSpec, options: LocalPaths & Pick<CellOptions, "threads" | "out">): Promise<ControlRecord>;
}
