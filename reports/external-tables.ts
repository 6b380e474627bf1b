/**
 * Tables of others' results: a table for each model and data, in which nothing is ranked or marked.
 * @module
 */
import { formatBytes } from "../base/bytes.ts";
import { formatCount, formatSeconds, MISSING } from "./format.ts";
import type { CellStyle, Table } from "./table.ts";
import type { Remark } from "./words.ts";
import type { ExternalResults, ExternalRow } from "./external/peft.ts";

/** A table of others' results. */
export interface ExternalTable {
  /** The model and the data. */
  title: string;
  /** Its rows' names. */
  experiments: string[];
  /** Its cells. */
  table: Table;
}

/** The tables, by model and data. */
export function externalTables({ rows }: ExternalResults, style: CellStyle): ExternalTable[] {
  const groups = Map.groupBy(rows, ({ model, data }) => `${model}, ${data}`);
  return [...groups].map(([title, rows]) => ({
    title,
    experiments: rows.map(({ experiment }) => experiment),
    table: tableOf(rows, style),
  }));
}

function tableOf(rows: readonly ExternalRow[], style: CellStyle): Table {
  const metrics = [...new Set(rows.flatMap(({ scores }) => Object.keys(scores)))].sort();
  const shown = (value: number | null | undefined, format: (value: number) => string) =>
    value === null || value === undefined ? MISSING : format(value);
  const texts = 2;
  const cells = rows.map((row) => [
    style.text(row.experiment),
    style.text(row.method),
    ...metrics.map((name) => shown(row.scores[name], (value) => value.toFixed(3))),
    shown(row.seed, String),
    shown(row.trained, formatCount),
    shown(row.stored, formatBytes),
    shown(row.memory, formatBytes),
    shown(row.seconds, formatSeconds),
    style.text(row.place),
  ]);
  const header = [
    ...["experiment", "method"],
    ...metrics.map(style.text),
    ...["seed", "trained", "stored", "memory", "time", "PEFT, accelerator"],
  ];
  return {
    header,
    rows: cells,
    align: header.map((_, column) => column < texts || column === header.length - 1 ? "left" : "right"),
  };
}

/** What a reader should know of them. */
export function externalRemarks({ path, unfinished }: ExternalResults): Remark[] {
  return [
    [
      "External: results of PEFT's method comparison (https://github.com/huggingface/peft), as its files state them. One seed, " +
      "without predictions, other data and machines: they are not compared with the runs of this report, and nothing is ranked",
    ],
    [`Read from ${path}`],
    ...unfinished.length === 0 ? [] : [[`Did not end well, and have no scores: ${unfinished.join(", ")}`] as Remark],
  ];
}
