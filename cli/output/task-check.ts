/**
 * What `task check` prints.
 * @module
 */
import { basename } from "node:path";
import { counted, shorten, visible } from "../../base/errors.ts";
import type { OpenDescribed } from "../../tasks/described/described.ts";
import type { ReadTask } from "../../tasks/described/read.ts";
import { answerInWords, type RightAnswer } from "../../tasks/described/right-answers.ts";
import { ruleOf } from "../../tasks/described/splits.ts";
import type { AnyTask, TaskData, TextInput } from "../../tasks/types.ts";
import { summarise, type Summary } from "../../tasks/described/summary.ts";

/** Characters of an example's text that are shown. */
const LONGEST_SHOWN = 80;

/** A described task in lines: what was understood of it. */
export function renderTask({ task, read, wording: { templates = [] } }: OpenDescribed): string {
  const { described } = task;
  const summary = summarise(read);
  const columns = Object.entries(described.columns).map(([use, column]) =>
    `${use} ${visible([column].flat().join(" and "))}`
  )
    .join(", ");
  const rule = described.splits && ruleOf(described.splits);
  const [least, median, most] = summary.words;
  return [
    `${task.name}, version ${task.version}, ${read.kind ?? "classification"}`,
    ...read.sources.map(({ name, paths, rows, dropped, sha256 }) =>
      `${name}: ${visible(basename(paths[0]))}${paths.length > 1 ? ` and ${paths.length - 1} more` : ""}, ` +
      `${counted(rows, "row")}${dropped > 0 ? `, ${dropped} passed over` : ""}, SHA-256 ${sha256.slice(0, 16)}…`
    ),
    ...rule === undefined ? [] : [`splits: ${rule}`],
    `columns: ${columns}`,
    `metrics: ${described.metrics.join(", ")}`,
    ...templates.map((template) => `template: ${shorten(template)}`),
    ...renderAnswers(read, summary),
    `lengths: ${least} to ${most} words, median ${median}`,
    `texts that occur more than once: ${summary.duplicates}`,
    `texts with different labels: ${summary.conflicts.count}${
      summary.conflicts.first
        ? `, the first is ${shorten(summary.conflicts.first.text || summary.conflicts.first.id, LONGEST_SHOWN)}`
        : ""
    }`,
    ...summary.overlaps.map(({ between: [a, b], count, first }) => `texts in ${a} and ${b}: ${count}, ${first}`),
    ...renderConstant(read, summary),
    "examples:",
    ...summary.examples.map((example) =>
      `  ${visible(answerInWords(example, read.labels))}: ${shorten(example.text, LONGEST_SHOWN)}` +
      `${example.pair === undefined ? "" : ` | ${shorten(example.pair, LONGEST_SHOWN)}`}` +
      (example.choices ? ` | ${shorten(example.choices.join(" / "), LONGEST_SHOWN)}` : "")
    ),
  ].join("\n");
}

/** A task that is not described, in lines: its splits. */
export function renderNamed({ name, version, kind }: AnyTask, data: TaskData<TextInput>): string {
  const splits = Object.entries(data).map(([split, examples]) => `${split}: ${counted(examples.length, "example")}`);
  return [`${name}, version ${version}, ${kind}`, ...splits].join("\n");
}

/** What always giving one answer scores. */
function renderConstant({ kind, labels }: ReadTask, { constant: { answer, score }, choices }: Summary): string[] {
  if (kind === "generation") return [];
  return [
    constantInWords({ kind, labels }, answer, score),
    ...choices ? [`answering at random: accuracy ${(100 * choices.chance).toFixed(1)} %`] : [],
  ];
}

function constantInWords(
  { kind, labels }: Pick<ReadTask, "kind" | "labels">,
  answer: RightAnswer,
  score: number,
): string {
  if (kind === "regression") return `always answering the mean, ${number(answer.target!)}: mse ${number(score)}`;
  if (kind === "multiple choice") {
    return `always answering choice ${answer.right![0] + 1}: accuracy ${(100 * score).toFixed(1)} %`;
  }
  const metric = kind === "multi-label" ? "exact_match" : "accuracy";
  return `always answering ${visible(answerInWords(answer, labels))}: ${metric} ${(100 * score).toFixed(1)} %`;
}

/** A number with four digits at most. */
function number(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/**
 * A line for each class or label: its number of examples in each split. Of regression, the numbers; of multiple choice, the examples of each
 * split and their choices; of generation, the texts of each split.
 */
function renderAnswers({ kind, labels, splits }: ReadTask, { counts, numbers, choices }: Summary): string[] {
  if (choices) {
    const [least, median, most] = choices.counts;
    return [
      ...splits.map(({ name, examples }) => `${name}: ${counted(examples.length, "example")}`),
      `choices: ${least} to ${most}, median ${median}`,
    ];
  }
  if (numbers) {
    const [least, median, most] = numbers;
    return [`numbers: ${least} to ${most}, median ${median}`];
  }
  if (kind === "generation") {
    return splits.map(({ name, examples }) => {
      const references = examples.reduce((sum, { references = [] }) => sum + references.length, 0);
      return `${name}: ${counted(examples.length, "text")}, ${counted(references, "reference")}`;
    });
  }
  return [
    `${kind === "multi-label" ? "labels" : "classes"}: ${labels.length}`,
    ...labels.map((label, at) => {
      const ofSplits = counts.map(({ split, classes }) =>
        counts.length === 1 ? classes[at] : `${split} ${classes[at]}`
      );
      return `  ${visible(label)}: ${ofSplits.join(", ")}`;
    }),
    ...labels.every((label) => !Number.isNaN(Number(label))) && labels.some((label) => !Number.isInteger(Number(label)))
      ? ['  these labels are numbers; "kind": "regression" in a description learns them as such']
      : [],
  ];
}
