/**
 * The E2E NLG challenge: restaurants described from a few facts.
 * @module
 */
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { shorten } from "../base/errors.ts";
import { type FileRow, readTaskFile, requireTexts } from "./task-files.ts";
import type { GenerationExample, GenerationTask, TaskFiles } from "./types.ts";

const HEADER = ["mr", "ref"];

/** Reads the rows of a file of comma-separated values, [meaning representation, text]; the header is left out. */
async function readPairs(taskFiles: TaskFiles, name: string): Promise<FileRow[]> {
  const path = join(taskFiles.folder, name);
  const [header, ...rows] = parseCsv(await readTaskFile(taskFiles, name), path);
  if (String(header?.values) !== String(HEADER)) {
    throw new Error(
      `Cannot use ${path}: its first row must be ${HEADER.join(", ")}, ` +
        `current value is ${shorten(String(header?.values ?? ""))}`,
    );
  }
  for (const { values, line } of rows) requireTexts(path, values, line);
  return rows;
}

function parseCsv(text: string, path: string): FileRow[] {
  try {
    let line = 1;
    // A quote inside a value that does not begin with one is a quote; `info.lines` counts the lines up to a row's end.
    return parse(text, { relax_quotes: true, info: true }).map((row) => {
      const { record, info } = row as unknown as { record: string[]; info: { lines: number } };
      const begin = line;
      line = info.lines + 1;
      return { line: begin, values: record };
    });
  } catch (error) {
    throw new Error(`Cannot use ${path}: it must hold comma-separated values, ${(error as Error).message}`);
  }
}

/** Reads a split: each meaning representation once, with all its references. An id is the split and the number in it. */
async function readSplit(taskFiles: TaskFiles | undefined, split: string, name: string): Promise<GenerationExample[]> {
  if (!taskFiles) throw new Error("Cannot read the task e2e: its files must be given");
  const references = Map.groupBy(await readPairs(taskFiles, name), ({ values: [meaning] }) => meaning);
  return [...references].map(([text, rows], index) => ({
    id: `${split}/${index}`,
    text,
    references: rows.map(({ values: [, reference] }) => reference),
  }));
}

/** Meaning representations (name[The Eagle], food[French], …), and sentences with the same meaning as references. */
export const e2e: GenerationTask = {
  name: "e2e",
  version: 1,
  kind: "generation",
  description: "Describe a restaurant of which some facts are given.",
  labelling: "by crowd workers, several sentences for the same facts",
  licence: "CC BY-SA 4.0",
  citation: "Novikova, Dušek, Rieser (2017). The E2E Dataset: New Challenges For End-to-End Generation. " +
    "https://arxiv.org/abs/1706.09254",
  metrics: ["bleu", "rouge_l"],
  source: [],
  published: { train: 4862, validation: 547, test: 630 },
  files: ["trainset.csv", "devset.csv", "testset_w_refs.csv"],
  load: async (taskFiles) => ({
    train: await readSplit(taskFiles, "train", "trainset.csv"),
    validation: await readSplit(taskFiles, "validation", "devset.csv"),
    test: await readSplit(taskFiles, "test", "testset_w_refs.csv"),
  }),
};
