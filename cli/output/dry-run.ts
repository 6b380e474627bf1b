/**
 * What `bench --dry-run` prints.
 * @module
 */
import { counted, visible } from "../../base/errors.ts";
import type { EstimatedCell } from "../../runs/launch/launcher.ts";
import { labelsOf } from "../../runs/study/labels.ts";

/** A table with a line for each cell: its id, its parts, its trainable parameters (classifier included), its planned memory. */
export function renderEstimates(cells: readonly EstimatedCell[]): string {
  const labels = labelsOf(cells.map(({ cell }) => cell.spec));
  const rows = [
    ["run", "seed", "model", "task", "method", "trainable", "planned MiB"],
    ...cells.map(({ cell: { id, spec }, estimate }, at) => [
      id,
      String(spec.seed),
      visible(spec.model.name),
      spec.task.name,
      visible(labels[at]),
      String(estimate.parameters.trainable),
      (estimate.planned.total / 2 ** 20).toFixed(1),
    ]),
  ];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const isNumber = (column: number) => column === 1 || column >= 5;
  const lines = rows.map((row) =>
    row.map((text, column) => isNumber(column) ? text.padStart(widths[column]) : text.padEnd(widths[column])).join("  ")
  );
  return `${lines.join("\n")}\n${counted(cells.length, "cell")}`;
}
