/**
 * A plan as text.
 * @module
 */
import type { PlannedCell } from "./launcher.ts";
import { methodName } from "./spec.ts";

/** One line a cell: its id, what it is, its trainable parameters (classifier included) and planned memory. */
export function showPlan(planned: readonly PlannedCell[]): string {
  const rows = [
    ["run", "seed", "model", "task", "method", "trainable", "planned MB"],
    ...planned.map(({ cell: { id, spec }, plan }) => [
      id,
      String(spec.seed),
      spec.model.name,
      spec.task.name,
      methodName(spec),
      String(plan.parameters.trainable),
      (plan.planned.total / 1e6).toFixed(1),
    ]),
  ];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const isNumber = (column: number) => column === 1 || column >= 5;
  const lines = rows.map((row) =>
    row.map((cell, column) => isNumber(column) ? cell.padStart(widths[column]) : cell.padEnd(widths[column])).join("  ")
  );
  return `${lines.join("\n")}\n${planned.length} cells`;
}
