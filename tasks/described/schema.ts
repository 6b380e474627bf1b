/**
 * The schemas of descriptions.
 * @module
 */
import { z } from "zod";
import { metrics } from "../metrics.ts";
import { choiceMetrics } from "../metrics/choices.ts";
import { multiLabelMetrics } from "../metrics/multi-label.ts";
import { regressionMetrics } from "../metrics/regression.ts";
import { generationMetrics } from "../metrics/generation.ts";
import {
  type Columns,
  type DescribedSpec,
  type Description,
  encodings,
  MOST_LABELS,
  type SplitParts,
} from "./description.ts";

/** A name like "sentiment/amazon": it is shown in tables, and is part of file names. */
const NAME = /^[A-Za-z0-9][\w.-]*(?:\/[A-Za-z0-9][\w.-]*)*$/;

/** A path without characters that a terminal would not show. */
const path = z.string().regex(/^[^\p{Cc}\u202a-\u202e\u2066-\u2069]+$/u, {
  error: "must be a path without control characters",
});
/** A path where no data set on the hub can stand. */
const splitPath = z.string().regex(/^(?!hub:)[^\p{Cc}\u202a-\u202e\u2066-\u2069]+$/u, {
  error: "must be a path without control characters, and no data set on the hub",
});
const words = z.string().min(1).max(2000);
const column = z.string().min(1);
const part = z.string().min(1).max(200);
const metricNames = z.array(
  z.enum([
    ...new Set(
      [metrics, regressionMetrics, multiLabelMetrics(1), choiceMetrics, generationMetrics].flatMap((table) =>
        Object.keys(table)
      ),
    ),
  ]),
).min(1);
const separator = z.string().min(1).max(20);

/** What records say of the data; no part of what names a run. */
const remarks = {
  description: words.describe("the question in one sentence").optional(),
  labelling: words.describe("how the labels came about").optional(),
  licence: words.describe("licence of the data").optional(),
  citation: words.describe("what to cite for the data").optional(),
};

const rowCount = z.int().positive().optional();
const published = z.strictObject({ train: rowCount, validation: rowCount, test: rowCount })
  .describe("numbers of examples of the splits as published: runs on others are flagged").optional();

const columnsSchema: z.ZodType<Columns> = z.strictObject({
  text: column.describe('the text; "{word}: {sentence}" makes it of several columns'),
  pair: column.describe("the second text, where examples are pairs").optional(),
  label: z.union([column, z.array(column).min(2).max(MOST_LABELS)], { error: "must be a column, or a list of columns" })
    .describe(
      "the label, the labels, the number, or the number of the right choice from 0; or a column of 1 and 0 for each of several labels",
    ).optional(),
  choices: z.union([column, z.array(column).min(2)], { error: "must be a column, or a list of two columns at least" })
    .describe("of multiple choice, the choices of a row: a list of texts, or several columns").optional(),
  references: z.union([column, z.array(column).min(1)], { error: "must be a column, or a list of columns" })
    .describe(
      "of generation, the right answers, and of multiple choice those that are right among the choices: a text or a list of texts, or several columns of them",
    ).optional(),
  split: column.describe("the name of the split that a row belongs to").optional(),
  group: column.describe("what rows have in common that must not be in two splits, such as a document").optional(),
}).refine(({ label, references }) => label === undefined || references === undefined, {
  error: "must have label, or references of generation or multiple choice, not both",
}).meta({
  not: { type: "object", properties: { label: {}, references: {} }, required: ["label", "references"] },
});

const splitsSchema: z.ZodType<SplitParts> = z.strictObject({
  train: part,
  validation: part.optional(),
  test: part.optional(),
});

/** Schemas of the templates of a task, or of a study, and of the words that stand for labels. */
export const wordingShape: { templates: z.ZodType<string[] | undefined>; words: z.ZodType<Description["words"]> } = {
  templates: z.array(z.string().min(1).max(2000)).min(1)
    .describe(
      'texts that a language model completes with a word for the label, "{text} It was {answer}.", or with a choice; the first is used',
    )
    .optional(),
  words: z.record(
    z.string(),
    z.union([z.string(), z.array(z.string()).min(1)], { error: "must be a word, or a list of words" }),
  )
    .describe('the words that stand for labels, {"positive": "great"}; a label that is left out stands for itself')
    .optional(),
};

/** Schema of {@linkcode Description}; unknown keys are errors. */
export const descriptionSchema: z.ZodType<Description> = z.strictObject({
  $schema: z.string().describe("path or address of this schema, for editors; it is not read").optional(),
  name: z.string().max(100).regex(NAME, {
    error: "must be of letters, digits and . _ - with a letter or digit first, parts of it with / between",
  }).describe("name in studies and reports; left out: the name of the file").optional(),
  version: z.int().positive().describe("a number that grows when the task changes; left out: 1").optional(),
  ...remarks,
  data: z.union([
    path,
    z.strictObject({ train: splitPath, validation: splitPath.optional(), test: splitPath.optional() }),
  ], { error: 'must be a path, hub:org/name or {"train": path, "validation": path, "test": path}' })
    .describe(
      "file of all examples, or a file for each split: CSV, TSV, JSON lines or Parquet, or one of these in gzip; or a folder of such files; " +
        "or a data set on the hub, hub:org/name@revision",
    ),
  config: part.describe("configuration of a data set on the hub; left out: default").optional(),
  splits: splitsSchema.describe(
    "which split of a data set on the hub, or which value of columns.split, each split is; left out: they have the same names",
  ).optional(),
  published,
  kind: z.enum(["classification", "regression", "multi-label", "multiple choice", "generation"]).describe(
    "what the answers are: classes, numbers, any number of labels at once, choices that each row has, or texts; left out: classes",
  ).optional(),
  columns: columnsSchema.describe("names of the columns"),
  separator: separator.describe("of several labels at once: what stands between those of a cell").optional(),
  labels: z.union([
    z.array(
      z.union([z.string().min(1), z.number(), z.boolean()], { error: "must be a text, a number or a boolean" }),
    ).min(2).max(MOST_LABELS),
    z.record(z.string().min(1), z.string().min(1)).refine((names) => Object.keys(names).length > 1, {
      error: "must name two labels",
    }).meta({ minProperties: 2 }),
  ]).describe(
    'the labels in their order, or names for the values of the column, {"0": "no", "1": "yes"}; left out: those that occur, ' +
      "of multiple choice numbers from 0",
  ).optional(),
  ...wordingShape,
  dialogue: z.literal(true, { error: "must be true" }).describe(
    "of generation: texts are dialogues, lists of turns or a turn a line; without columns.references the turns are the answers",
  ).optional(),
  placeholder: part.describe(
    "of multiple choice: what stands for the choice in columns.pair; left out: the choice stands behind that text",
  ).optional(),
  speaker: part.describe("whose turns are the answers; left out: all but the first").optional(),
  metrics: metricNames.describe("the first decides; left out: all").optional(),
  encoding: z.enum(encodings).describe("encoding of text files; left out: UTF-8, or UTF-16 with a byte-order mark")
    .optional(),
  missing: z.literal("drop", { error: "must be drop" }).describe("pass over rows without a text or a label").optional(),
  allowOverlap: z.boolean().describe("let a text be in two of the splits").optional(),
}).refine(
  ({ columns: { label, references }, dialogue }) => label !== undefined || references !== undefined || dialogue,
  {
    path: ["columns"],
    error: "must have label, or references of generation or multiple choice",
  },
).meta({
  anyOf: [
    ...["label", "references"].map((name) => ({
      type: "object",
      properties: { columns: { type: "object", properties: { [name]: {} }, required: [name] } },
    })),
    { type: "object", properties: { dialogue: {} }, required: ["dialogue"] },
  ],
});

/** Schema of {@linkcode DescribedSpec}; unknown keys are errors. */
export const describedSchema: z.ZodType<DescribedSpec> = z.strictObject({
  published,
  kind: z.enum(["regression", "multi-label", "multiple choice", "generation"]).optional(),
  columns: columnsSchema,
  separator: separator.optional(),
  labels: z.array(z.string()),
  values: z.array(z.string()).min(2).optional(),
  dialogue: z.literal(true).optional(),
  placeholder: part.optional(),
  speaker: part.optional(),
  config: part.optional(),
  splits: splitsSchema.optional(),
  metrics: z.array(z.string()).min(1),
  encoding: z.enum(encodings).optional(),
  missing: z.literal("drop").optional(),
  ...remarks,
}).refine(
  ({ kind, labels: { length } }) =>
    kind === "regression" || kind === "generation"
      ? length === 0
      : length > 1 || kind === "multiple choice" && length === 0,
  {
    error: "must name two labels, or none of regression, generation and multiple choice",
  },
);

/** The JSON Schema of descriptions, for editors. */
export function taskJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(descriptionSchema, { io: "input" });
  // Two words that editors know besides the standard.
  return { title: "A task of TuneBench", ...schema, allowComments: true, allowTrailingCommas: true };
}
