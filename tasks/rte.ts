/**
 * Recognising textual entailment, as GLUE has it.
 * @module
 */
import { readRows } from "./given.ts";
import type { Example, GivenFiles, Task } from "./types.ts";

const HEADER = ["index", "sentence1", "sentence2", "label"];
const LABELS = ["entailment", "not_entailment"];

/** The examples of a file; an id is the split and the file's index. */
async function readSplit(given: GivenFiles | undefined, name: string): Promise<Example[]> {
  if (!given) throw new Error("Cannot read the task rte: its files must be given");
  return (await readRows(given, `${name}.tsv`, HEADER)).map(([index, text, pair, labelled]) => {
    const label = LABELS.indexOf(labelled);
    if (label >= 0) return { id: `${name}/${index}`, text, pair, label };
    throw new Error(
      `Cannot use ${name}.tsv: a label must be ${LABELS.join(" or ")}, current value is ${labelled.slice(0, 80)}`,
    );
  });
}

/** Tests on the published validation split, as the labels of the published test split are secret. */
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
  metrics: ["accuracy", "macro_f1", "matthews"],
  source: [],
  files: ["train.tsv", "dev.tsv"],
  load: async (given) => ({ train: await readSplit(given, "train"), test: await readSplit(given, "dev") }),
};
