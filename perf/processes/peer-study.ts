/**
 * A study as the peer reads it: study.json, and the start values of each cell as ID.safetensors beside it.
 * @module
 */
import type { PartSpec, TrainingSpec } from "../../runs/study/spec.ts";

/** Token ids and classes of texts. */
export interface PeerTexts {
  /** Token ids of each text. */
  ids: number[][];
  /** Class of each text. */
  labels: number[];
}

/** The examples of a task with a seed. */
export interface PeerExamples extends Record<"train" | "validation" | "test", PeerTexts> {
  /** Indices of the training examples of each step, epoch by epoch. */
  batches: number[][][];
}

/** A cell. */
export interface PeerCell {
  /** Id of the run. */
  id: string;
  /** Key of its examples. */
  examples: string;
  /** The method's parts. */
  method: PartSpec[];
  /** How it is trained. */
  training: TrainingSpec;
  /** Number of classes. */
  classes: number;
}

/** A study on use-lite. */
export interface PeerStudy {
  /** Path of the backbone's weights. */
  weights: string;
  /** The cells in the order in which they run. */
  cells: PeerCell[];
  /** The examples by their keys. */
  examples: Record<string, PeerExamples>;
}

/** What the peer answers for a cell. */
export interface PeerOutcome {
  /** Share of the test examples that are classified rightly, with the values of the best epoch. */
  accuracy: number;
  /** Loss of each step. */
  stepLoss: number[];
}
