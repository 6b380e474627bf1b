/**
 * Complaint or praise: a task whose rows lie beside it.
 * @module
 */
import { defineTask, uniqueUnambiguous } from "@tunebench/tunebench/plugin";
import rows from "./feedback.tsv" with { type: "text" };

const labels = ["complaint", "praise"];

/** Two classes; an id is the line of the file. */
export default defineTask({
  name: "feedback",
  version: 1,
  kind: "classification",
  description: "Is a sentence a complaint or praise?",
  labelling: "by whoever wrote the sentences",
  licence: "CC0-1.0",
  citation: "none: made up",
  labels,
  metrics: ["accuracy", "macro_f1", "matthews"],
  source: [],
  load() {
    const [, ...lines] = rows.trim().split("\n");
    const examples = lines.map((line, at) => {
      const [text, label] = line.split("\t");
      return { id: String(at + 2), text, label: labels.indexOf(label) };
    });
    return Promise.resolve({ pool: uniqueUnambiguous(examples) });
  },
});
