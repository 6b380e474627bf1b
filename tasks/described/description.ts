/**
 * The description of a task: which files have its examples, and what their columns mean.
 * @module
 */
/** Encodings that a text file may be read in; "latin-1" is read as Windows-1252, which has its letters and more. */
export const encodings = ["utf-8", "utf-16le", "utf-16be", "latin-1"] as const;

/** One of the encodings. */
export type Encoding = typeof encodings[number];

/** Names of columns. Texts may also be made of several: "{word}: {sentence}". */
export interface Columns {
  /** The text. */
  text: string;
  /** The second text, where examples are pairs. */
  pair?: string;
  /** The label, the labels, the number, or of multiple choice the number of the right one from 0; or of several labels at once a column for each, which holds 1 where it applies, else 0. */
  label?: string | string[];
  /** Of multiple choice, the choices of a row: a column of a list of texts, or several columns of a text. */
  choices?: string | string[];
  /**
   * Of multiple choice, the texts that are right among the choices, in place of a label. Of generation, the texts that would be right
   * answers: a column of a text or of a list of texts, or several such columns.
   */
  references?: string | string[];
  /** The name of the split that a row belongs to. */
  split?: string;
  /** What rows have in common that must not be torn apart, such as a document: no two of the splits that a seed draws share it. */
  group?: string;
}

/** The splits of a task; "pool" is what each seed splits. */
export type SplitName = "pool" | "train" | "validation" | "test";

/**
 * Which part of the data each split is: a split of a data set on the hub, or a value of the column of splits. A part that is both validation
 * and test is halved.
 */
export interface SplitParts {
  /** To train on. */
  train: string;
  /** To choose the epoch; left out: drawn from train. */
  validation?: string;
  /** To test on; left out: drawn from train. */
  test?: string;
}

/** Kinds of described tasks besides classification. */
export type DescribedKind = "regression" | "multi-label" | "multiple choice" | "generation";

/** Numbers of examples of the splits as published. */
export type Published = Partial<Record<"train" | "validation" | "test", number>>;

/** A description, as users write it. */
export interface Description {
  /** Path or address of the JSON Schema, for editors; it is not read. */
  $schema?: string;
  /** The task's name in studies and reports; left out: the name of the file. */
  name?: string;
  /** A number from 1 that grows when the task changes; left out: 1. */
  version?: number;
  /** The question in one sentence. */
  description?: string;
  /** How the labels came about. */
  labelling?: string;
  /** Licence of the data. */
  licence?: string;
  /** What to cite for the data. */
  citation?: string;
  /**
   * A file or folder of files whose rows are one pool, or one for each split; a split that is left out is drawn from `train`. Or a data set
   * on the hub, hub:org/name or hub:org/name@revision.
   */
  data: string | { train: string; validation?: string; test?: string };
  /** Configuration of a data set on the hub; left out: default. */
  config?: string;
  /** Which part of the data each split is; left out: the parts are named as the splits are. */
  splits?: SplitParts;
  /** What the answers are: classes, numbers, any number of labels at once, choices that each row has, or texts; left out: classes. */
  kind?: "classification" | DescribedKind;
  /** Numbers of examples of the splits as published: runs on others are flagged. */
  published?: Published;
  /** Which columns are read. */
  columns: Columns;
  /** Of several labels at once: what stands between those of a cell; left out: cells are lists, or there is a column for each label. */
  separator?: string;
  /**
   * The labels in their order, or names for the values of the column; left out: those that occur, numbers in numeric order and then the
   * others by text. Of multiple choice: the label of the first choice, of the second, and so on; left out: numbers from 0.
   */
  labels?: (string | number | boolean)[] | Record<string, string>;
  /** Of classification: texts that a language model completes with a word for the label, "{text} It was {answer}." */
  templates?: string[];
  /** The words that stand for labels, one or several for each; a label that is left out stands for itself. */
  words?: Record<string, string | string[]>;
  /**
   * Of generation: the text is a dialogue, a list of turns or a text with a turn a line, of which the oldest turns are left out where
   * it is too long. Without columns.references the turns are the answers, each to those before it.
   */
  dialogue?: true;
  /** Of multiple choice: what stands for the choice in columns.pair; left out: the choice stands behind that text. */
  placeholder?: string;
  /** Whose turns are the answers, a name with which turns begin, "USER: "; left out: all but the first. */
  speaker?: string;
  /** Names of metrics, the first of which decides; left out: all of the kind. */
  metrics?: string[];
  /** Encoding of text files; left out: UTF-8, or UTF-16 with a byte-order mark. */
  encoding?: Encoding;
  /** "drop": rows without a text or a label are passed over; left out: they are an error. */
  missing?: "drop";
  /** Whether a text may be in two of the splits; it is then left out of the one that is drawn later (test, validation, train). */
  allowOverlap?: boolean;
}

/** A description as specs have it: what decides the examples, with every default filled in, and what records say of the data. */
export interface DescribedSpec {
  /** What the answers are; left out: classes. */
  kind?: DescribedKind;
  /** Numbers of examples of the splits as published. */
  published?: Published;
  /** Which columns are read. */
  columns: Columns;
  /** What stands between the labels of a cell; left out: nothing does. */
  separator?: string;
  /** The labels as text, in their order; none of regression, nor of multiple choice where they are numbers. */
  labels: string[];
  /** The values of the column that stand for the labels; left out: the labels themselves. */
  values?: string[];
  /** Texts are dialogues; left out: they are not. */
  dialogue?: true;
  /** What stands for the choice in the second text; left out: the choice stands behind it. */
  placeholder?: string;
  /** Whose turns are the answers; left out: all but the first, or answers that a column has. */
  speaker?: string;
  /** Configuration of a data set on the hub; left out: default, or no data set on the hub. */
  config?: string;
  /** Which part of the data each split is; left out: the parts are named as the splits are. */
  splits?: SplitParts;
  /** Names of metrics. */
  metrics: string[];
  /** Encoding of text files; left out: found out. */
  encoding?: Encoding;
  /** Rows without a text or a label are passed over; left out: there are none. */
  missing?: "drop";
  /** The question in one sentence. */
  description?: string;
  /** How the labels came about. */
  labelling?: string;
  /** Licence of the data. */
  licence?: string;
  /** What to cite for the data. */
  citation?: string;
}

/** Most different labels: with more of them the column is hardly one of labels. */
export const MOST_LABELS = 1000;
