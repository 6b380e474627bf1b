/**
 * What a task is: labelled texts, where they come from, and how answers are scored.
 * @module
 */

/** A labelled text, or a labelled pair of texts. */
export interface Example {
  /** Stable: the same text of the same task version always has the same id. */
  id: string;
  /** What the model reads. */
  text: string;
  /** The second text of a pair. */
  pair?: string;
  /** Index into the task's labels. */
  label: number;
}

/** Examples in the splits their makers published, or in one pool that the runner splits. */
export interface TaskData {
  /** Everything, where the makers published no splits. */
  pool?: Example[];
  /** The published training split. */
  train?: Example[];
  /** The published validation split. */
  validation?: Example[];
  /** The published test split. */
  test?: Example[];
}

/** A file that a task is made from. */
export interface SourceFile {
  /** npm package and path inside it: "sentiment/test/fixtures/amazon.json". */
  path: string;
  /** In hexadecimal. */
  sha256: string;
}

/** Files that a user gives. */
export interface GivenFiles {
  /** Folder that they lie in. */
  folder: string;
  /** SHA-256 of each, in hexadecimal, by its name. */
  files: Record<string, string>;
}

/** A task of classification. */
export interface Task {
  /** As on the command line: "sentiment/amazon". */
  name: string;
  /** Grows with every change of the examples. */
  version: number;
  /** What is asked of a model. */
  kind: "classification";
  /** The question in one sentence. */
  description: string;
  /** How the labels came about. */
  labelling: string;
  /** Licence of the data, not of the package that carries it. */
  licence: string;
  /** The paper of the data. */
  citation: string;
  /** Names of the classes. */
  labels: readonly string[];
  /** Names of metrics (see metrics.ts), the first decides. */
  metrics: readonly string[];
  /** Source files with checksums; a folder of many files has one checksum over all. None where users give the files. */
  source: readonly SourceFile[];
  /** Names of the files that users give. */
  files?: readonly string[];
  /**
   * Reads the examples, always the same in the same order.
   * @param given where the files lie that users give, if there are such
   * @throws {Error} if a file is missing, has another checksum or cannot be read
   */
  load(given?: GivenFiles): Promise<TaskData>;
}

/** A score computed from truths `T` and predictions `P`; of classification both are labels. */
export interface Metric<T = number, P = number> {
  /** As in the results: "macro_f1". */
  name: string;
  /** What it is, with its formula where that is not obvious. */
  description: string;
  /** "fraction" is 0 to 1, "correlation" −1 to 1. */
  unit: "fraction" | "correlation";
  /** Which scores are the better ones. */
  direction: "higher" | "lower";
  /** The score of predictions, one for each truth. */
  compute(truth: readonly T[], predicted: readonly P[]): number;
}

/** A score of texts, each with one or several references. */
export type TextMetric = Metric<readonly string[], string>;
