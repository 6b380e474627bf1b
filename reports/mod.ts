/**
 * From records to reports.
 * @module
 */
import { writeWhole } from "../base/files.ts";
import { canonical, readRecords, runId, type RunRecord, type UnreadableRecord } from "../runs/study/record.ts";
import { renderDifferencesCsv, renderResultsCsv, renderRunsCsv } from "./csv.ts";
import { renderLatex } from "./latex.ts";
import { renderMarkdown } from "./markdown.ts";
import { groupResults, type Results } from "./results.ts";
import { renderTerminal } from "./terminal.ts";

/** Name of a report format. */
export type ReportFormatName = "markdown" | "results-csv" | "runs-csv" | "differences-csv" | "latex";

/** A report as a file. */
export interface ReportFormat {
  /** Name of the file inside the report's folder. */
  file: string;
  /** The file's text; the same results give the same text. */
  render(results: Results): string;
}

/** Every report that is written, by the name of its format. */
export const reportFormats: Record<ReportFormatName, ReportFormat> = {
  "markdown": { file: "report.md", render: renderMarkdown },
  "results-csv": { file: "results.csv", render: renderResultsCsv },
  "runs-csv": { file: "runs.csv", render: renderRunsCsv },
  "differences-csv": { file: "differences.csv", render: renderDifferencesCsv },
  "latex": { file: "tables.tex", render: renderLatex },
};

/** What `writeReport` did. */
export interface WrittenReport {
  /** Paths of the files written. */
  files: string[];
  /** Records that were left out. */
  unreadable: UnreadableRecord[];
  /** The tables as plain text. */
  terminal: string;
}

/**
 * Writes every report of the records in results folders.
 * @param folders results folders, each with a folder `runs`; a run that is in several of them counts once
 * @param out folder of the reports, made if it does not exist
 * @throws {Error} if a folder has no folder `runs`, no record can be read, two records of a run differ, or `out` cannot be
 * written
 */
export async function writeReport(folders: string[], out: string): Promise<WrittenReport> {
  const { records, unreadable } = await collect(folders);
  if (records.length === 0) {
    const reasons = unreadable.map(({ path, reason }) => `; ${path}: ${reason}`).join("");
    throw new Error(
      `Cannot write a report: ${folders.join(", ")} must hold a readable record, current number is 0${reasons}`,
    );
  }
  const results = groupResults(records, unreadable);
  const texts = Object.values(reportFormats).map(({ file, render }) => ({
    path: `${out}/${file}`,
    text: render(results),
  }));
  try {
    await Deno.mkdir(out, { recursive: true });
    for (const { path, text } of texts) await writeWhole(path, text);
  } catch (error) {
    throw new Error(`Cannot write a report: ${out} must be a folder that can be written (${(error as Error).message})`);
  }
  return { files: texts.map(({ path }) => path), unreadable: results.unreadable, terminal: renderTerminal(results) };
}

/**
 * Reads the records of several results folders, each run once. A run has two records where its model's folder was trained under
 * two names while names were part of the id: one of them counts.
 */
async function collect(folders: readonly string[]): Promise<{ records: RunRecord[]; unreadable: UnreadableRecord[] }> {
  const byId = new Map<string, { record: RunRecord; folder: string }>();
  const unreadable: UnreadableRecord[] = [];
  for (const folder of new Set(folders)) {
    const read = await readRecords(folder);
    unreadable.push(...read.unreadable);
    for (const record of read.records) {
      const other = byId.get(record.id);
      if (other !== undefined && canonical(other.record) !== canonical(record)) {
        const paths = [other.folder, folder].map((folder) => `${folder}/runs/${record.id}.json`).join(" and ");
        throw new Error(`Cannot merge results: records of one run must be the same, ${paths} differ`);
      }
      byId.set(record.id, { record, folder });
    }
  }
  const records: RunRecord[] = [];
  for (const same of Map.groupBy(byId.values(), ({ record }) => runId(record.spec)).values()) {
    const [first, ...others] = same.toSorted((a, b) => (a.record.id < b.record.id ? -1 : 1));
    records.push(first.record);
    for (const { record, folder } of others) {
      const reason = `it is the run ${first.record.id}, of the same model under another name`;
      unreadable.push({ path: `${folder}/runs/${record.id}.json`, reason });
    }
  }
  return { records, unreadable };
}
