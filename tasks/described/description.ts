/**
 * The description of a task: which files have its examples, and what their columns mean.
 * @module
 */
import { z } from "zod";
import { metrics } from "../metrics.ts";

/** Encodings that a text file may be read in; "latin-1" is read as Windows-1252, which has its letters and more. */
export const encodings = ["utf-8", "utf-16le", "utf-16be", "latin-1"] as const;

/** One of the encodings. */
export type Encoding = typeof encodings[number];

/** Names of columns. */
export interface Columns {
  /** The text. */
  text: string;
  /** The second text, where examples are pairs. */
  pair?: string;
  /** The label. */
  label: string;
}

/** The splits that a description may name files for; "pool" is one file that each seed splits. */
export type SplitName = "pool" | "train" | "validation" | "test";

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
  /** A file whose rows are one pool, or a file for each split; a split that is left out is drawn from `train`. */
  data: string | { train: string; validation?: string; test?: string };
  /** Which columns are read. */
  columns: Columns;
  /** The labels in their order; left out: those that occur, numbers in numeric order and then the others by text. */
  labels?: (string | number | boolean)[];
  /** Names of metrics, the first of which decides; left out: all of classification, accuracy first. */
  metrics?: string[];
  /** Encoding of text files; left out: UTF-8, or UTF-16 with a byte-order mark. */
  encoding?: Encoding;
  /** "drop": rows without a text or a label are passed over; left out: they are an error. */
  missing?: "drop";
  /** Whether a text may be in two of the files; it is then left out of the one that is drawn later (test, validation, train). */
  allowOverlap?: boolean;
}

/** A description as specs have it: what decides the examples, with every default filled in, and what records say of the data. */
export interface DescribedSpec {
  /** Which columns are read. */
  columns: Columns;
  /** The labels as text, in their order. */
  labels: string[];
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

/** A name like "sentiment/amazon": it is shown in tables, and is part of file names. */
const NAME = /^[A-Za-z0-9][\w.-]*(?:\/[A-Za-z0-9][\w.-]*)*$/;

const path = z.string().min(1);
const words = z.string().min(1).max(2000);
const column = z.string().min(1);
const metricNames = z.array(z.enum(Object.keys(metrics))).min(1);

/** What records say of the data; no part of what names a run. */
const remarks = {
  description: words.describe("the question in one sentence").optional(),
  labelling: words.describe("how the labels came about").optional(),
  licence: words.describe("licence of the data").optional(),
  citation: words.describe("what to cite for the data").optional(),
};

const columnsSchema: z.ZodType<Columns> = z.strictObject({
  text: column.describe("the text"),
  pair: column.describe("the second text, where examples are pairs").optional(),
  label: column.describe("the label"),
});

/**
 * Schema of {@linkcode Description}; unknown keys are errors.
 * @internal
 */
export const descriptionSchema: z.ZodType<Description> = z.strictObject({
  $schema: z.string().describe("path or address of this schema, for editors; it is not read").optional(),
  name: z.string().max(100).regex(NAME, {
    error: "must be of letters, digits and . _ - with a letter or digit first, parts of it with / between",
  }).describe("name in studies and reports; left out: the name of the file").optional(),
  version: z.int().positive().describe("a number that grows when the task changes; left out: 1").optional(),
  ...remarks,
  data: z.union([
    path,
    z.strictObject({ train: path, validation: path.optional(), test: path.optional() }),
  ], { error: 'must be a path or {"train": path, "validation": path, "test": path}' })
    .describe(
      "file of all examples, or a file for each split: CSV, TSV, JSON lines or Parquet, or one of these in gzip",
    ),
  columns: columnsSchema.describe("names of the columns"),
  labels: z.array(
    z.union([z.string().min(1), z.number(), z.boolean()], { error: "must be a text, a number or a boolean" }),
  )
    .min(2).max(MOST_LABELS).describe("the labels in their order; left out: those that occur").optional(),
  metrics: metricNames.describe("the first decides; left out: all").optional(),
  encoding: z.enum(encodings).describe("encoding of text files; left out: UTF-8, or UTF-16 with a byte-order mark")
    .optional(),
  missing: z.literal("drop", { error: "must be drop" }).describe("pass over rows without a text or a label").optional(),
  allowOverlap: z.boolean().describe("let a text be in two of the files").optional(),
});

/**
 * Schema of {@linkcode DescribedSpec}; unknown keys are errors.
 * @internal
 */
export const describedSchema: z.ZodType<DescribedSpec> = z.strictObject({
  columns: columnsSchema,
  labels: z.array(z.string()).min(2),
  metrics: z.array(z.string()).min(1),
  encoding: z.enum(encodings).optional(),
  missing: z.literal("drop").optional(),
  ...remarks,
});

/** The JSON Schema of descriptions, for editors. */
export function taskJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(descriptionSchema, { io: "input" });
  // Two words that editors know besides the standard.
  return { title: "A task of TuneBench", ...schema, allowComments: true, allowTrailingCommas: true };
}
