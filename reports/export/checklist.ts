/**
 * A checklist of reproducibility, after the questions that conferences on machine learning ask (Pineau et al., 2021,
 * https://arxiv.org/abs/2003.12206), answered from records.
 * @module
 */
import { axisInWords } from "../../base/search-space.ts";
import { valueInWords } from "../../runs/study/labels.ts";
import { methodName, type RunSummary } from "../../runs/study/record.ts";
import { majorityInWords } from "../words.ts";
import { escapeText, listTexts } from "./markdown-text.ts";

const UNKNOWN = "not known: the records do not say";

/** A question and what records answer. */
type Item = [question: string, answer: (records: readonly RunSummary[]) => string];

const SECTIONS: Record<string, Item[]> = {
  "Models and methods": [
    ["Which models, in which version?", (records) => listTexts(records.map(describeModel), "; ")],
    ["Under which licences?", (records) => listTexts(records.map(({ model }) => model.licence))],
    ["Which methods?", (records) => listTexts(records.map(({ spec }) => methodName(spec)))],
    ["How many values does each train?", (records) => listTexts(records.map(describeTrained), "; ")],
  ],
  "Data": [
    ["Which data sets, in which version?", (records) => listTexts(records.map(describeTask), "; ")],
    ["Under which licences?", (records) => listTexts(records.map(({ task }) => task.licence), "; ")],
    ["How were they labelled?", (records) => listTexts(records.map(({ task }) => task.labelling), "; ")],
    ["From which files?", (records) => listTexts(records.flatMap(describeFiles), "; ")],
    ["How many examples have the splits?", (records) => listTexts(records.map(describeSplits), "; ")],
    [
      "Which examples are in a split?",
      () => "each record has the SHA-256 over the ids of every split, and the ids of its test set",
    ],
    ["Does any text of the test set stand in the training set?", (records) => checksNamed(records, /^no test text/)],
    ["Do the data concern persons, and did they consent?", () => UNKNOWN],
  ],
  "Training": [
    ["Which seeds?", (records) => [...new Set(records.map(({ spec }) => spec.seed))].sort((a, b) => a - b).join(", ")],
    ["Which hyperparameters has each method?", (records) => listTexts(records.map(describeOptions), "; ")],
    ["How is training set up?", (records) => listTexts(records.map(({ spec }) => words(spec.training)), "; ")],
    ["How were hyperparameters chosen, in how many trials?", (records) => listTexts(records.map(describeTuning), "; ")],
    [
      "How was the epoch chosen?",
      (records) =>
        `the first with the best ${
          listTexts(records.map(({ metrics }) => metrics[0].name))
        } on the validation set; the test set was scored once, after that`,
    ],
    ["Which checks did every run pass?", (records) => checksNamed(records, /./)],
    ["Which doubts were raised?", describeFlags],
    ["How many runs failed?", () => "not known: failed runs have no records"],
  ],
  "Results": [
    [
      "How many runs?",
      (records) => `${records.length}, of ${new Set(records.map(({ setting }) => setting)).size} settings`,
    ],
    ["Which metrics?", (records) => listTexts(records.flatMap(({ metrics }) => metrics.map(({ name }) => name)))],
    ["What does a trivial answer score?", (records) => listTexts(records.map(describeMajority), "; ")],
    [
      "How are means and their uncertainty computed?",
      () => "see report/report.md; every seed's score is in report/runs.csv",
    ],
    ["Are predictions available?", () => "each record has the prediction for every test example"],
    ["Is what was trained available?", () => "no: adapters are not part of this export; the runs make them again"],
  ],
  "Computing": [
    ["On which machines?", (records) => listTexts(records.map(describeMachine), "; ")],
    ["With which software?", (records) => listTexts(records.map(describeSoftware), "; ")],
    ["How long did it take?", describeTime],
    ["How much memory at most?", describeMemory],
    ["How much energy?", () => UNKNOWN],
    ["Under which licence is the code?", () => "Apache-2.0, see LICENSE"],
  ],
};

/** The checklist as Markdown; the order of the records does not matter. */
export function renderChecklist(records: readonly RunSummary[]): string {
  const sorted = records.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const sections = Object.entries(SECTIONS).map(([title, items]) =>
    [`## ${title}`, ...items.map(([question, answer]) => `- **${question}** ${answer(sorted)}`)].join("\n\n")
  );
  return [
    "# Reproducibility checklist",
    "Answered from the records of this export by program. _Not known_ stands where they have no answer.",
    ...sections,
  ].join("\n\n").replaceAll("\n\n- ", "\n- ").replace(/(## .*)\n- /g, "$1\n\n- ") + "\n";
}

function describeModel({ spec: { model }, model: { sha256, parameters } }: RunSummary): string {
  return `${model.name}, revision ${model.revision}, SHA-256 ${sha256}, ${parameters} weights`;
}

function describeTrained({ spec, parameters: { method, head } }: RunSummary): string {
  return `${methodName(spec)} on ${spec.task.name}: ${method}, and ${head} of the classifier`;
}

function describeTask({ spec: { task } }: RunSummary): string {
  const from = task.dataset ? `, from ${task.dataset.name} at ${task.dataset.revision}` : "";
  return `${task.name}, version ${task.version}${from}`;
}

function describeFiles({ task }: RunSummary): string[] {
  return task.source.map(({ path, sha256 }) => `${path} (SHA-256 ${sha256})`);
}

function describeSplits({ spec, task: { splits: { train, validation, test } } }: RunSummary): string {
  return `${spec.task.name}: ${train.size} to train, ${validation.size} to validate, ${test.size} to test`;
}

/** Keys and values in words, without what is not set. */
function words(values: object): string {
  return Object.entries(values).filter(([, value]) => value !== null)
    .map(([key, value]) => `${key} ${valueInWords(value)}`).join(", ");
}

function describeOptions({ spec }: RunSummary): string {
  return spec.method.map(({ name, options }) => `${name}: ${words(options)}`).join(" + ");
}

function describeTuning({ spec }: RunSummary): string {
  const name = methodName(spec);
  if (!spec.tuning) return `${name}: not tuned in this study`;
  const space = Object.entries(spec.tuning.space).flatMap(([part, axes]) =>
    Object.entries(axes).map(([option, axis]) => `${part}.${option} ${axisInWords(axis)}`)
  );
  return `${name}: for each seed ${spec.tuning.trials} trials, scored on its validation examples, within ${
    space.join(", ")
  }`;
}

/** Integrity checks by their names, with the number of runs that had them; all passed, else there would be no record. */
function checksNamed(records: readonly RunSummary[], pattern: RegExp): string {
  const names = records.flatMap(({ checks }) => [...new Set(checks.integrity.map(({ name }) => name))])
    .filter((name) => pattern.test(name));
  const counts = [...Map.groupBy(names, (name) => name)].map(([name, { length }]) =>
    `${name} (${length} of ${records.length})`
  );
  return counts.length === 0 ? UNKNOWN : `runs that were checked, all passed: ${listTexts(counts)}`;
}

function describeFlags(records: readonly RunSummary[]): string {
  const raised = records.flatMap(({ id, checks }) =>
    checks.flags.filter(({ raised }) => raised).map(({ name }) => ({ id, name }))
  );
  const lines = [...Map.groupBy(raised, ({ name }) => name)].sort()
    .map(([name, runs]) => `${escapeText(name)}: ${runs.map(({ id }) => escapeText(id)).join(" ")}`);
  return lines.join("; ") || "none";
}

function describeMajority({ spec, scores: { majority }, ...run }: RunSummary): string {
  if (majority.value === null) return `${spec.task.name}: ${majority.reason}`;
  const answer = run.baseline === undefined ? "the most frequent class" : majorityInWords(run);
  return `${spec.task.name}: always ${answer}, ${words(majority)}`;
}

function describeMachine(
  { environment: { processor, cores, memoryBytes, threads, os, arch, device } }: RunSummary,
): string {
  const hardware = device.hardware.value ?? "unknown hardware";
  return `${processor}, ${cores} cores (${threads} threads), ${
    (memoryBytes / 2 ** 30).toFixed(1)
  } GiB, ${os} ${arch}, ` +
    `device ${device.name} (${device.provider}, ${hardware})`;
}

function describeSoftware({ environment: { suite, versions } }: RunSummary): string {
  const state = suite.dirty === null ? "unknown whether changed" : suite.dirty ? "changed" : "unchanged";
  return `TuneBench ${suite.version}, commit ${
    suite.commit ?? "not known"
  }, ${state}, lock file ${suite.lockSha256}, ` +
    words(versions);
}

function describeTime(records: readonly RunSummary[]): string {
  const sum = (key: "trainSeconds" | "compileSeconds" | "evaluateSeconds") =>
    records.reduce((total, { time }) => total + time[key], 0).toFixed(1);
  return `${sum("trainSeconds")} s in training steps, ${sum("compileSeconds")} s compiling, ` +
    `${sum("evaluateSeconds")} s evaluating, all runs together`;
}

function describeMemory(records: readonly RunSummary[]): string {
  const peaks = records.map(({ memory }) => memory.peak.value).filter((value) => value !== null);
  const planned = Math.max(...records.map(({ memory }) => memory.planned.total));
  const mebibytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;
  const measured = peaks.length === 0
    ? "peak not measured"
    : `peak ${mebibytes(peaks.reduce((a, b) => Math.max(a, b)))}`;
  return `${measured}, planned for a training step ${mebibytes(planned)}`;
}
