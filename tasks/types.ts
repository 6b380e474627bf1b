/**
 * What a task is: texts and the answers to them, where they come from, and how answers are scored.
 * @module
 */

/** What a model reads. */
export interface TextInput {
  /** Stable: the same text of the same task version always has the same id. */
  id: string;
  /** A text. */
  text: string;
  /** The second text of a pair. */
  pair?: string;
}

/** A labelled text, or a labelled pair of texts. */
export interface Example extends TextInput {
  /** Index into the task's labels. */
  label: number;
}

/** A text, and texts that answer it. */
export interface GenerationExample extends TextInput {
  /** One at least, each of them right. */
  references: readonly string[];
}

/** Examples in the splits their makers published, or in one pool that the runner splits. */
export interface TaskData<E extends TextInput = Example> {
  /** Everything, where the makers published no splits. */
  pool?: E[];
  /** The published training split. */
  train?: E[];
  /** The published validation split. */
  validation?: E[];
  /** The published test split. */
  test?: E[];
}

/** A file that a task is made from. */
export interface SourceFile {
  /** npm package and path inside it: "sentiment/test/fixtures/amazon.json". */
  path: string;
  /** In hexadecimal. */
  sha256: string;
}

/** Files that a user gives. */
export interface TaskFiles {
  /** Folder that they lie in. */
  folder: string;
  /** SHA-256 of each, in hexadecimal, by its name. */
  files: Record<string, string>;
}

/** What every task states. */
export interface TaskDescription {
  /** As on the command line: "sentiment/amazon". */
  name: string;
  /** Grows with every change of the examples. */
  version: number;
  /** The question in one sentence. */
  description: string;
  /** How the labels, or the references, came about. */
  labelling: string;
  /** Licence of the data, not of the package that carries it. */
  licence: string;
  /** The paper of the data. */
  citation: string;
  /** Names of metrics (see metrics.ts and text-metrics.ts), the first decides. */
  metrics: readonly string[];
  /** Source files with checksums; a folder of many files has one checksum over all. None where users give the files. */
  source: readonly SourceFile[];
  /** Names of the files that users give. */
  files?: readonly string[];
  /** Files of a data set on the hub, all in one folder of it, that are read where users give none. */
  dataset?: { name: string; files: readonly string[] };
}

/**
 * Reads the examples, always the same in the same order.
 * @param given where the files lie that users give, if there are such
 * @throws {Error} if a file is missing, has another checksum or cannot be read
 */
export type Load<E extends TextInput> = (given?: TaskFiles) => Promise<TaskData<E>>;

/** A task of classification. */
export interface Task extends TaskDescription {
  /** What is asked of a model: a class. */
  kind: "classification";
  /** Names of the classes. */
  labels: readonly string[];
  /** Reads the examples. */
  load: Load<Example>;
}

/** A task of generation. */
export interface GenerationTask extends TaskDescription {
  /** What is asked of a model: a text. */
  kind: "generation";
  /** Reads the examples. */
  load: Load<GenerationExample>;
}

/** A task of any kind. */
export type AnyTask = Task | GenerationTask;

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
