/**
 * What a task is: texts and the right answers, where they come from, and how predictions are scored.
 * @module
 */

/** The input of an example. */
export interface TextInput {
  /** Names the example. It is stable: a text of a task's version always has the same id. */
  id: string;
  /** The text. */
  text: string;
  /** The second text of a pair. */
  pair?: string;
  /** Texts of which one answers, where each example has its own. */
  choices?: readonly string[];
  /** What it has in common with others that must not be in two splits, such as the document that it is from. */
  group?: string;
  /** Stands for its texts where there are too many to have all in memory; these are empty until {@linkcode ReadTexts} reads them. */
  hash?: string;
}

/** A labelled text, or a labelled pair of texts. */
export interface Example extends TextInput {
  /** Index into the task's labels. */
  label: number;
}

/** A text with a number, or a pair of texts with one. */
export interface RegressionExample extends TextInput {
  /** The number. */
  target: number;
}

/** A text with any number of labels, or a pair of texts with them. */
export interface MultiLabelExample extends TextInput {
  /** Indices into the task's labels, in ascending order; none where no label applies. */
  labels: readonly number[];
}

/** A text with choices, or a pair of texts with them. */
export interface ChoiceExample extends TextInput {
  /** The choices. */
  choices: readonly string[];
  /** Places of the right ones, in ascending order, one at least. */
  right: readonly number[];
}

/** Which of an example's choices are right. */
export type ChoiceAnswer = Pick<ChoiceExample, "choices" | "right">;

/** An example of generation: a text, and texts that would be right answers. */
export interface GenerationExample extends TextInput {
  /** The right answers, one at least. */
  references: readonly string[];
}

/** Examples, either in published splits or in one pool that is split for each run. */
export interface TaskData<E extends TextInput = Example> {
  /** All examples, where no splits are published. */
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
  /** SHA-256 of the file, in hexadecimal. */
  sha256: string;
}

/** Task files: files that a user gives. */
export interface TaskFiles {
  /** Their folder. */
  folder: string;
  /** SHA-256 of each file, in hexadecimal, by its name. */
  files: Record<string, string>;
}

/** What tasks of every kind state. */
export interface TaskDescription {
  /** The task's name, as on the command line: "sentiment/amazon". */
  name: string;
  /** A number from 1 that grows with every change of the examples. */
  version: number;
  /** The checksum of the plug-in that it comes from, set when that is loaded. Absent: it is built in. */
  plugin?: string;
  /** The question in one sentence. */
  description: string;
  /** How the labels, or the references, came about. */
  labelling: string;
  /** Licence of the data, not of the package that carries it. */
  licence: string;
  /** The paper of the data. */
  citation: string;
  /** Names of metrics (see metrics.ts, metrics/ and text-metrics.ts). The first one selects the best epoch, and reports compare it. */
  metrics: readonly string[];
  /** Source files with checksums; many files of a folder have one checksum together. Empty where users give the files. */
  source: readonly SourceFile[];
  /**
   * Numbers of examples of the splits as published, where the files do not come with TuneBench: runs on other numbers are flagged. The
   * published files' checksums are not known here.
   */
  published?: Partial<Record<"train" | "validation" | "test", number>>;
  /** Names of the files that users give. */
  files?: readonly string[];
  /** The data set on the hub that is read where users give no files. */
  dataset?: TaskDataset;
  /** Whether reading its files takes so long that the examples are kept in the cache folder, by name, version and checksums. */
  kept?: boolean;
  /** In words, which rule makes its splits of the published ones; left out where these are used as they are. */
  rule?: string;
  /** Reads texts of examples, where `load` may give them without. */
  readTexts?: ReadTexts;
}

/** Splits of a data set on the hub. */
export interface TaskDataset {
  /** "org/name". */
  name: string;
  /** Branch, tag or commit. */
  revision: string;
  /** Its configuration. */
  config: string;
  /** Names of the splits. */
  splits: readonly string[];
}

/**
 * Reads the examples, always the same in the same order.
 * @param taskFiles the files that a user gives, if the task has such files
 * @throws {Error} if a file is missing, has another checksum or cannot be read
 */
export type Load<E extends TextInput> = (taskFiles?: TaskFiles) => Promise<TaskData<E>>;

/** The same examples with their texts and without hashes, where a task's `load` gave them without. */
export type ReadTexts = <E extends TextInput>(examples: readonly E[]) => Promise<E[]>;

/** Words that stand for labels, one or several for each: "great". A label that is left out stands for itself. */
export type Words = Readonly<Record<string, string | readonly string[]>>;

/** A task of classification. */
export interface Task extends TaskDescription {
  /** A prediction is a class. */
  kind: "classification";
  /** Names of the classes. */
  labels: readonly string[];
  /** Texts that a language model completes with a word for the label, the first of which is used: "{text} It was {answer}." */
  templates?: readonly string[];
  /** The words. */
  words?: Words;
  /** Reads the examples. */
  load: Load<Example>;
}

/** A task of regression. */
export interface RegressionTask extends TaskDescription {
  /** A prediction is a number. */
  kind: "regression";
  /** Reads the examples. */
  load: Load<RegressionExample>;
}

/** A task of several labels at once. */
export interface MultiLabelTask extends TaskDescription {
  /** A prediction is any number of labels. */
  kind: "multi-label";
  /** Names of the labels. */
  labels: readonly string[];
  /** Reads the examples. */
  load: Load<MultiLabelExample>;
}

/** A task of multiple choice. */
export interface ChoiceTask extends TaskDescription {
  /** A prediction is one of the choices that each example has. */
  kind: "multiple choice";
  /** What stands in the place of the choice in the second text of pairs, "@placeholder"; absent: the choice stands behind that text. */
  placeholder?: string;
  /** Texts that a language model goes on with from a choice, the first of which is used: "{text} {answer}". */
  templates?: readonly string[];
  /** Reads the examples. */
  load: Load<ChoiceExample>;
}

/** A task of generation. */
export interface GenerationTask extends TaskDescription {
  /** A prediction is a text. */
  kind: "generation";
  /** Texts are dialogues, a turn a line: of one that is too long for a model the oldest turns are left out. */
  dialogue?: true;
  /** Reads the examples. */
  load: Load<GenerationExample>;
}

/** A task whose answers a layer on the model's features gives: a class, a number, labels, or one of some choices. */
export type HeadTask = Task | RegressionTask | MultiLabelTask | ChoiceTask;

/** A task of any kind. */
export type AnyTask = HeadTask | GenerationTask;

/** A kind of task. */
export type TaskKind = AnyTask["kind"];

/** What a kind of task makes of a model: a classifier, whose outputs may also stand for numbers, labels or choices, or a generator of texts. */
export function useOf(kind: TaskKind): "classification" | "generation" {
  return kind === "generation" ? kind : "classification";
}

/** Names of a task's classes or labels; none where its answers are numbers, texts or choices of an example's own. */
export function labelsOfTask(task: AnyTask): readonly string[] {
  return "labels" in task ? task.labels : [];
}

/**
 * The range of a metric's values: "fraction" is 0 to 1, "correlation" is −1 to 1, "error" is from 0 on, in the unit of what is
 * predicted or its square.
 */
export type MetricUnit = "fraction" | "correlation" | "error";

/** A metric: scores predictions `P` by the right answers `T`; in classification, both are indices of labels. */
export interface Metric<T = number, P = number> {
  /** The metric's name, as in the results: "macro_f1". */
  name: string;
  /** What it measures, with the formula where it is not obvious. */
  description: string;
  /** The range of values. */
  unit: MetricUnit;
  /** Whether higher or lower scores are better. */
  direction: "higher" | "lower";
  /** Whether it scores groups of examples, such as all answers to a question; absent: it scores examples. Classification alone has such. */
  ofGroups?: true;
  /**
   * Computes the score; there is one prediction for each right answer.
   * @param groups names the group of each example, where a metric of the task scores groups
   */
  compute(truth: readonly T[], predicted: readonly P[], groups?: readonly string[]): number;
  /**
   * The score without each example in turn, as intervals need it; there are two examples at least. Where examples are in groups, without
   * each group in turn, in the order of their first examples.
   */
  leaveOneOut(truth: readonly T[], predicted: readonly P[], groups?: readonly string[]): number[];
}

/** A metric of regression. */
export type NumberMetric = Metric;

/** A metric of several labels at once; answers are indices of labels, in ascending order. */
export type LabelSetMetric = Metric<readonly number[], readonly number[]>;

/** A metric of multiple choice; what is predicted is the place of a choice. */
export type ChoiceMetric = Metric<ChoiceAnswer, number>;

/** A metric of generation; the right answers are each example's references. */
export type TextMetric = Metric<readonly string[], string>;
