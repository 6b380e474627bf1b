/**
 * What a task is: labelled texts, where they come from, and how answers are scored.
 * @module
 */

/** A labelled text. */
export interface Example {
  /** Stable: the same text of the same task version always has the same id. */
  id: string;
  text: string;
  /** Index into the task's labels. */
  label: number;
}

/** Examples in the splits their makers published, or in one pool that the runner splits. */
export interface TaskData {
  pool?: Example[];
  train?: Example[];
  validation?: Example[];
  test?: Example[];
}

/** A file that a task is made from. */
export interface SourceFile {
  /** npm package and path inside it: "sentiment/test/fixtures/amazon.json". */
  path: string;
  sha256: string;
}

/** A task of classification. */
export interface Task {
  name: string;
  version: number;
  kind: "classification";
  description: string;
  /** How the labels came about. */
  labelling: string;
  /** Licence of the data, not of the package that carries it. */
  licence: string;
  citation: string;
  labels: readonly string[];
  /** Names of metrics (see metrics.ts), the first decides. */
  metrics: readonly string[];
  /** Source files with checksums; a folder of many files has one checksum over all. */
  source: readonly SourceFile[];
  /** @throws {Error} if a source file is missing or has another checksum */
  load(): Promise<TaskData>;
}

/** A score computed from labels and predictions. */
export interface Metric {
  name: string;
  description: string;
  /** "fraction" is 0 to 1, "correlation" −1 to 1. */
  unit: "fraction" | "correlation";
  direction: "higher" | "lower";
  compute(truth: readonly number[], predicted: readonly number[]): number;
}
