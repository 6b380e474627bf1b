/**
 * Time and memory of files of rows.
 * @module
 */
import { fileWriter, ParquetWriter, schemaFromColumnData } from "hyparquet-writer";
import { Random } from "../../base/random.ts";
import type { RowCosts } from "../programs/rows.ts";
import { askProgram } from "../processes/start.ts";
import { withTemporaryFolder } from "../processes/with-files.ts";
import { mebibytes, type Report, type Row, table } from "./report.ts";

/** A file that is measured, and what it may take: processor seconds and bytes. */
interface Case {
  /** Ending of the file's name. */
  form: "csv" | "parquet";
  rows: number;
  /** Bytes of a row, about. */
  bytes: number;
  /** Of reading. */
  read?: number;
  /** Of all but the start and the imports. */
  all?: number;
  /** Greatest resident memory. */
  peakBytes?: number;
}

/** As many rows as SST-2 has, and a file of 300 MB. */
const CASES: readonly Case[] = [
  { form: "csv", rows: 67_000, bytes: 60, read: 2 },
  { form: "csv", rows: 1_000_000, bytes: 300, all: 15, peakBytes: 400e6 },
  { form: "parquet", rows: 1_000_000, bytes: 300, peakBytes: 600e6 },
];

/** Different words of the texts. */
const WORDS = 5000;

/** Rows of a Parquet file that are in memory at once. */
const GROUP = 10_000;

/** Rows whose texts are all different. */
function* rowsOf({ rows, bytes }: Case): Generator<{ text: string; label: number }> {
  const random = new Random(0, "rows");
  const letters = () =>
    Array.from({ length: 2 + random.integer(9) }, () => "etaoinshrdlu"[random.integer(12)]).join("");
  const words = Array.from({ length: WORDS }, letters);
  for (let row = 0; row < rows; row++) {
    let text = String(row);
    for (const length = bytes * (0.5 + random.uniform()); text.length < length;) {
      text += ` ${words[random.integer(WORDS)]}`;
    }
    yield { text, label: 1 + random.integer(5) };
  }
}

/** Writes a CSV file; a third of the texts have commas and stand in quotes. */
async function writeCsv(path: string, size: Case): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true });
  const writer = file.writable.getWriter();
  const encoder = new TextEncoder();
  let held = "text,label\n";
  let row = 0;
  for (const { text, label } of rowsOf(size)) {
    held += `${row++ % 3 > 0 ? text : `"${text.replaceAll(" e", ", e")}"`},${label}\n`;
    if (held.length < 1 << 20) continue;
    await writer.write(encoder.encode(held));
    held = "";
  }
  await writer.write(encoder.encode(held));
}

/** Writes a Parquet file. */
function writeParquet(path: string, size: Case): void {
  const columnsOf = (rows: { text: string; label: number }[]) => [
    { name: "text", data: rows.map(({ text }) => text), type: "STRING" as const },
    { name: "label", data: rows.map(({ label }) => label), type: "INT32" as const },
  ];
  const writer = new ParquetWriter({
    writer: fileWriter(path),
    schema: schemaFromColumnData({ columnData: columnsOf([]) }),
  });
  let group: { text: string; label: number }[] = [];
  const end = () => {
    writer.write({ columnData: columnsOf(group), rowGroupSize: GROUP });
    group = [];
  };
  for (const row of rowsOf(size)) {
    group.push(row);
    if (group.length === GROUP) end();
  }
  end();
  writer.finish();
}

/** Measures how files of rows are described, hashed and sampled. */
export async function measureRows(cases: readonly Case[] = CASES): Promise<Report> {
  const rows: Row[] = [];
  const violations: string[] = [];
  for (const limits of cases) {
    const { seconds: { start, ...seconds }, peakBytes } = await withTemporaryFolder(async (folder) => {
      const path = `${folder}/rows.${limits.form}`;
      await (limits.form === "csv" ? writeCsv(path, limits) : writeParquet(path, limits));
      return JSON.parse(await askProgram("rows.ts", [path])) as RowCosts;
    });
    const all = Object.values(seconds).reduce((sum, each) => sum + each, 0);
    rows.push({
      rows: `${limits.rows} (${limits.form})`,
      "start s": start.toFixed(1),
      "reading and hashing s": seconds.read.toFixed(1),
      "summary s": seconds.summary.toFixed(1),
      "drawing s": seconds.sample.toFixed(1),
      "texts of those drawn s": seconds.texts.toFixed(1),
      "all but the start s": all.toFixed(1),
      "peak MiB": mebibytes(peakBytes),
    });
    for (const [name, value] of Object.entries({ read: seconds.read, all, peakBytes })) {
      const most = limits[name as "read" | "all" | "peakBytes"];
      if (most === undefined || value <= most) continue;
      violations.push(
        `${limits.rows} rows (${limits.form}): ${name} must be at most ${most}, current value is ${
          value.toPrecision(3)
        }`,
      );
    }
  }
  const heading =
    "Files of rows as a task of classification: processor seconds of one process that reads them, says what " +
    "is in them, draws 2,500 examples, and reads the texts of these.";
  return { text: `${heading}\n\n${table(rows)}`, violations };
}
