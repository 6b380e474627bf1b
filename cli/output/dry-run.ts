/**
 * What `bench --dry-run` prints.
 * @module
 */
import { counted, showValue, visible } from "../../base/errors.ts";
import type { EstimatedCell } from "../../runs/launch/launcher.ts";
import { labelsOf } from "../../runs/study/labels.ts";
import { canonical } from "../../runs/study/spec.ts";
import type { Study } from "../../runs/study/study.ts";
import { duration } from "./progress.ts";

/**
 * A table with a line for each cell: its id, its parts, its trainable parameters (classifier included), its planned memory and
 * the time that it is likely to take; below it the time of the study.
 * @param jobs cells at the same time
 */
export function renderEstimates(cells: readonly EstimatedCell[], jobs: number): string {
  const labels = labelsOf(cells.map(({ cell }) => cell.spec));
  const rows = [
    ["run", "seed", "model", "task", "method", "trainable", "planned MiB", "time"],
    ...cells.map(({ cell: { id, spec }, estimate: { parameters, planned, seconds } }, at) => [
      id,
      String(spec.seed),
      visible(spec.model.name),
      spec.task.name,
      visible(labels[at]),
      String(parameters.trainable),
      (planned.total / 2 ** 20).toFixed(1),
      seconds.value === null ? "–" : duration(seconds.value),
    ]),
  ];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const isNumber = (column: number) => column === 1 || column >= 5;
  const lines = rows.map((row) =>
    row.map((text, column) => isNumber(column) ? text.padStart(widths[column]) : text.padEnd(widths[column])).join("  ")
  );
  return [...lines, ...timeOf(cells, jobs)].join("\n");
}

/** The time of a study, and why that of some cells is not in it. */
function timeOf(cells: readonly EstimatedCell[], jobs: number): string[] {
  const seconds = cells.map(({ estimate }) => estimate.seconds);
  const sum = seconds.reduce((total, { value }) => total + (value ?? 0), 0);
  const reasons = new Set(seconds.flatMap((known) => (known.value === null ? [known.reason] : [])));
  const unknown = seconds.filter(({ value }) => value === null).length;
  const atOnce = Math.min(jobs, cells.length);
  const time = unknown === cells.length ? "" : `, about ${duration(sum / atOnce)} with ${atOnce} at the same time` +
    (unknown > 0 ? `, without the ${unknown} of unknown time` : "");
  return [`${counted(cells.length, "cell")}${time}`, ...[...reasons].map((reason) => `–: ${reason}`)];
}

/** A line for each key of a study that flags have changed: "seeds is [0,1] by a flag, the study has [0,1,2]". */
export function renderOverrides(study: Study, changed: Study): string[] {
  const keys = [...new Set([...Object.keys(study), ...Object.keys(changed)])] as (keyof Study)[];
  return keys.filter((key) => canonical({ value: study[key] }) !== canonical({ value: changed[key] })).map((key) => {
    const before = study[key] === undefined ? "has none" : `has ${showValue(study[key])}`;
    return `${key} is ${showValue(changed[key])} by a flag, the study ${before}`;
  });
}
