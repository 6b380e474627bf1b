/**
 * From records to reports.
 * @module
 */
import { writeWhole } from "../base/files.ts";
import type { UnreadableRecord } from "../runs/study/record.ts";
import { collectRuns, type Conflict } from "./collect.ts";
import { renderDifferencesCsv, renderResultsCsv, renderRunsCsv } from "./csv.ts";
import { renderLatex } from "./latex.ts";
import { renderMarkdown } from "./markdown.ts";
import { groupRuns, type Results } from "./results.ts";
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
  /** Runs of which two folders hold different results. */
  conflicts: Conflict[];
  /** The tables as plain text. */
  terminal: string;
}

/**
 * Reads the results of folders.
 * @param folders results folders, each with a folder `runs`; a run that is in several of them counts once
 * @throws {Error} if a folder has no folder `runs`, or no record can be read
 */
export async function readResults(folders: readonly string[]): Promise<Results> {
  const { runs, conflicts, unreadable } = await collectRuns(folders);
  if (runs.length === 0) {
    const reasons = unreadable.map(({ path, reason }) => `; ${path}: ${reason}`).join("");
    throw new Error(
      `Cannot write a report: ${folders.join(", ")} must hold a readable record, current number is 0${reasons}`,
    );
  }
  return groupRuns(runs, unreadable, conflicts);
}

/**
 * Writes every report of the records in results folders.
 * @param folders as {@linkcode readResults}
 * @param out folder of the reports, made if it does not exist
 * @throws {Error} as {@linkcode readResults}, or if `out` cannot be written
 */
export async function writeReport(folders: readonly string[], out: string): Promise<WrittenReport> {
  const results = await readResults(folders);
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
  const { unreadable, conflicts } = results;
  return { files: texts.map(({ path }) => path), unreadable, conflicts, terminal: renderTerminal(results) };
}
