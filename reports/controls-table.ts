/**
 * The table of negative controls.
 * @module
 */
import type { ControlRecord } from "../runs/study/controls/control-record.ts";
import type { CellStyle, Table } from "./table.ts";
import type { Remark } from "./words.ts";

/** Title of the section. */
export const CONTROLS_TITLE = "Negative controls";

/** A row for each control of each cell; what has failed comes first. */
export function controlsTable(records: readonly ControlRecord[], { text }: CellStyle): Table {
  const rows = records.flatMap(({ controls, ...cell }) => controls.map((control) => ({ ...cell, ...control })));
  return {
    header: ["control", "holds", "method", "task", "model", "numbers"],
    rows: rows.sort((a, b) => Number(a.passed) - Number(b.passed)).map((
      { name, passed, method, task, model, detail },
    ) => [
      ...[text(name), passed ? "yes" : "no", text(method), text(task), text(model), text(detail)],
    ]),
    align: ["left", "left", "left", "left", "left", "left"],
  };
}

/** What they are. */
export const CONTROLS_REMARKS: readonly Remark[] = [
  ["What must fail, or change nothing, if scores are to be believed; `bench --controls` tries it with one seed of each setting"],
];
