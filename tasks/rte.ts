/**
 * Recognising textual entailment, as GLUE has it.
 * @module
 */
import { join } from "node:path";
import { shorten } from "../base/errors.ts";
import { readParquet } from "./parquet.ts";
import { type FileRow, readTsv, requireUsable } from "./task-files.ts";
import type { Example, Task, TaskFiles } from "./types.ts";

const HEADER = ["index", "sentence1", "sentence2", "label"];
const COLUMNS = ["idx", "sentence1", "sentence2", "label"];
const LABELS = ["entailment", "not_entailment"];

/** The files of each split: GLUE's own, and those of the hub's data set, whose labels are numbers. */
const SPLITS = {
  train: { tsv: "train.tsv", parquet: "rte/train-00000-of-00001.parquet" },
  dev: { tsv: "dev.tsv", parquet: "rte/validation-00000-of-00001.parquet" },
};

/** Reads a split from either of its files, which give the same examples; an id is the split and the index in it. */
async function readSplit(taskFiles: TaskFiles | undefined, split: keyof typeof SPLITS): Promise<Example[]> {
  if (!taskFiles) throw new Error("Cannot read the task rte: its files must be given");
  const { tsv, parquet } = SPLITS[split];
  const [file, names, rows]: [string, string[], FileRow[]] = Object.hasOwn(taskFiles.files, tsv)
    ? [tsv, LABELS, await readTsv(taskFiles, tsv, HEADER)]
    : [parquet, ["0", "1"], await readParquet(taskFiles, parquet, COLUMNS)];
  const path = join(taskFiles.folder, file);
  const examples = rows.map(({ line, values: [index, text, pair, labelled] }) => {
    const label = names.indexOf(labelled);
    if (label >= 0) return { id: `${split}/${index}`, text, pair, label };
    throw new Error(
      `Cannot use ${path}: a label must be ${names.join(" or ")}, current value is ${
        shorten(labelled)
      } in line ${line}`,
    );
  });
  requireUsable(path, examples, rows.map(({ line }) => line));
  return examples;
}

/** Two classes. The published validation split is the test split here, since the labels of the published one are secret. */
export const rte: Task = {
  name: "rte",
  version: 1,
  kind: "classification",
  description: "Does the second text follow from the first?",
  labelling: "by the organisers of the RTE challenges 1, 2, 3 and 5; contradiction and neutral are one class",
  licence: "none stated; used for research",
  citation:
    "Dagan, Glickman, Magnini (2006). The PASCAL Recognising Textual Entailment Challenge, and RTE 2, 3 and 5; " +
    "Wang et al. (2019). GLUE. https://arxiv.org/abs/1804.07461",
  labels: LABELS,
  templates: ["{text}? {answer}, {pair}", "{text}\nQuestion: {pair} {label list}?\nAnswer: {answer}"],
  words: { entailment: "Yes", not_entailment: "No" },
  metrics: ["accuracy", "macro_f1", "matthews"],
  source: [],
  published: { train: 2490, test: 277 },
  files: [SPLITS.train.tsv, SPLITS.dev.tsv],
  dataset: { name: "nyu-mll/glue", revision: "main", config: "rte", splits: ["train", "validation"] },
  load: async (taskFiles) => ({ train: await readSplit(taskFiles, "train"), test: await readSplit(taskFiles, "dev") }),
};
