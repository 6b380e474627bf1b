/**
 * Time and memory of reports of many runs, with records that nobody trained.
 * @module
 */
import { inventRecords, type StudySize } from "../processes/invent-records.ts";
import type { ReportCosts } from "../programs/report.ts";
import { askProgram } from "../processes/start.ts";
import { withTemporaryFolder } from "../processes/with-files.ts";
import { mebibytes, type Report, type Row, table } from "./report.ts";

/** What is measured, and what it may take: processor seconds and bytes. */
interface Case {
  size: StudySize;
  /** Of the Markdown, CSV and LaTeX files, once the records are read. */
  texts?: number;
  /** Of the page with its figures. */
  page?: number;
  /** Of all. */
  all?: number;
  /** Size of the page. */
  pageBytes?: number;
  /** Greatest resident memory. */
  peakBytes?: number;
}

const CASES: readonly Case[] = [
  { size: { tasks: 10, settings: 20, seeds: 5 }, texts: 2, page: 10, pageBytes: 3e6 },
  { size: { tasks: 100, settings: 20, seeds: 10 }, all: 60, peakBytes: 1e9 },
];

/** Measures reports of 1,000 and of 20,000 runs. */
export async function measureReports(cases: readonly Case[] = CASES): Promise<Report> {
  const rows: Row[] = [];
  const violations: string[] = [];
  for (const limits of cases) {
    const { tasks, settings, seeds } = limits.size;
    const { seconds, pageBytes, peakBytes } = await withTemporaryFolder(async (folder) => {
      await inventRecords(folder, limits.size);
      return JSON.parse(await askProgram("report.ts", [folder])) as ReportCosts;
    });
    const runs = String(tasks * settings * seeds);
    const { reading, texts, page } = seconds;
    const measured = { texts, page, all: reading + texts + page, pageBytes, peakBytes };
    rows.push({
      runs,
      "reading s": reading.toFixed(1),
      "Markdown, CSV, LaTeX s": texts.toFixed(1),
      "page s": page.toFixed(1),
      "all s": measured.all.toFixed(1),
      "page MiB": mebibytes(pageBytes),
      "peak MiB": mebibytes(peakBytes),
    });
    for (const [name, value] of Object.entries(measured)) {
      const most = limits[name as keyof typeof measured];
      if (most === undefined || value <= most) continue;
      violations.push(
        `Reports of ${runs} runs: ${name} must be at most ${most}, current value is ${value.toPrecision(3)}`,
      );
    }
  }
  const heading =
    "Reports of invented runs: processor seconds of one process, its start and imports among those of reading.";
  return { text: `${heading}\n\n${table(rows)}`, violations };
}
