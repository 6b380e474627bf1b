/**
 * What `task check` prints.
 * @module
 */
import { basename } from "node:path";
import { counted, shorten, visible } from "../../base/errors.ts";
import type { OpenDescribed } from "../../tasks/described/described.ts";
import { ruleOf } from "../../tasks/described/splits.ts";
import { summarise, type Summary } from "../../tasks/described/summary.ts";

/** Characters of an example's text that are shown. */
const LONGEST_SHOWN = 80;

/** A described task in lines: what was understood of it. */
export function renderTask({ task, read }: OpenDescribed): string {
  const { described } = task;
  const summary = summarise(read);
  const columns = Object.entries(described.columns).map(([use, column]) => `${use} ${visible(column)}`).join(", ");
  const rule = described.splits && ruleOf(described.splits);
  const [least, median, most] = summary.words;
  return [
    `${task.name}, version ${task.version}, classification`,
    ...read.sources.map(({ name, paths, rows, dropped, sha256 }) =>
      `${name}: ${visible(basename(paths[0]))}${paths.length > 1 ? ` and ${paths.length - 1} more` : ""}, ` +
      `${counted(rows, "row")}${dropped > 0 ? `, ${dropped} passed over` : ""}, SHA-256 ${sha256.slice(0, 16)}…`
    ),
    ...rule === undefined ? [] : [`splits: ${rule}`],
    `columns: ${columns}`,
    `metrics: ${described.metrics.join(", ")}`,
    ...renderClasses(described.labels, summary),
    `lengths: ${least} to ${most} words, median ${median}`,
    `texts that occur more than once: ${summary.duplicates}`,
    `texts with different labels: ${summary.conflicts.count}${
      summary.conflicts.first ? `, the first is ${shorten(summary.conflicts.first.text, LONGEST_SHOWN)}` : ""
    }`,
    ...summary.overlaps.map(({ between: [a, b], count, first }) => `texts in ${a} and ${b}: ${count}, ${first}`),
    `always answering ${visible(described.labels[summary.majority.label])}: accuracy ${
      (100 * summary.majority.share).toFixed(1)
    } %`,
    "examples:",
    ...summary.examples.map((example) =>
      `  ${visible(described.labels[example.label])}: ${shorten(example.text, LONGEST_SHOWN)}` +
      `${example.pair === undefined ? "" : ` | ${shorten(example.pair, LONGEST_SHOWN)}`}`
    ),
  ].join("\n");
}

/** A line for each class: its number of examples in each split. */
function renderClasses(labels: readonly string[], { counts }: Summary): string[] {
  return [
    `classes: ${labels.length}`,
    ...labels.map((label, at) => {
      const ofSplits = counts.map(({ split, classes }) =>
        counts.length === 1 ? classes[at] : `${split} ${classes[at]}`
      );
      return `  ${visible(label)}: ${ofSplits.join(", ")}`;
    }),
  ];
}
