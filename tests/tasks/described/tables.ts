/**
 * The same rows as files of every kind.
 * @module
 */
import { parquetWriteBuffer } from "hyparquet-writer";
import { gzipSync } from "node:zlib";
import { presets } from "../../../runs/study/presets.ts";
import type { Study } from "../../../runs/study/study.ts";

/** A row of the files. */
export interface Row {
  body: string;
  stars: number;
}

/** Rows of two labels that the texts tell, each text another; quotes, commas, tabs and line breaks are in them. */
export function makeRows(count: number): Row[] {
  return Array.from({ length: count }, (_, at) => ({
    body: `day ${at}, "really"\n${at % 2 ? "a good\tfilm" : "a bad film"} für ${at}`,
    stars: at % 2 ? 5 : 1,
  }));
}

const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;

/** Rows as values with delimiters between them; ends of lines are those of Windows outside of the values. */
export function toCsv(rows: readonly Row[], delimiter = ","): string {
  const lines = rows.map(({ body, stars }, at) => [at, quoted(body), stars].join(delimiter));
  return `${[["id", "body", "stars"].join(delimiter), ...lines].join("\r\n")}\r\n`;
}

/** Rows as a Parquet file. */
export function toParquet(rows: readonly Row[]): Uint8Array {
  return new Uint8Array(parquetWriteBuffer({
    columnData: [
      { name: "stars", data: rows.map(({ stars }) => BigInt(stars)), type: "INT64" },
      { name: "body", data: rows.map(({ body }) => body), type: "STRING" },
    ],
  }));
}

/** Rows in every kind of file, by a name for it. */
export function inEveryForm(rows: readonly Row[]): Record<string, string | Uint8Array> {
  const csv = toCsv(rows);
  return {
    "reviews.csv": csv,
    "reviews.tsv": toCsv(rows, "\t"),
    "semicolons.csv": toCsv(rows, ";"),
    "marked.csv": `\ufeff${csv}`,
    "utf16.csv": new Uint8Array(
      new Uint16Array([0xfeff, ...csv].map((unit) => typeof unit === "string" ? unit.charCodeAt(0) : unit)).buffer,
    ),
    "reviews.csv.gz": new Uint8Array(gzipSync(csv)),
    "reviews.jsonl": rows.map((row) => JSON.stringify(row)).join("\n"),
    "reviews.parquet": toParquet(rows),
  };
}

/** The columns of {@linkcode makeRows}. */
export const columns = { text: "body", label: "stars" };
/** Sizes of splits that 120 rows have room for. */
export const data = { train: 60, validation: 20, test: 40 };
/** A small study of one task. */
export const study = (entry: Study["tasks"][number]): Study => ({
  ...presets.smoke.study,
  methods: ["linear-probe"],
  data,
  tasks: [entry],
});
