/**
 * From records to reports.
 * @module
 */
import { dirname } from "node:path";
import { counted } from "../base/errors.ts";
import { writeWhole } from "../base/write-files.ts";
import { readControls } from "../runs/study/controls/control-record.ts";
import type { UnreadableRecord } from "../runs/study/read-records.ts";
import { collectRuns, type Conflict } from "./runs/collect.ts";
import {
  renderDifferencesCsv,
  renderPromptsCsv,
  renderResultsCsv,
  renderRunsCsv,
  renderTrialsCsv,
} from "./text/csv.ts";
import { readPeftResults } from "./external/peft.ts";
import { renderLatex } from "./text/latex.ts";
import { renderMarkdown } from "./text/markdown.ts";
import { groupRuns, type Results } from "./results.ts";
import { renderTerminal } from "./text/terminal.ts";

/** Name of a report format. */
export type ReportFormatName =
  | "markdown"
  | "results-csv"
  | "runs-csv"
  | "differences-csv"
  | "trials-csv"
  | "prompts-csv"
  | "latex"
  | "page";

/** A report as files. */
export interface ReportFormat {
  /** Name of the file inside the report's folder; of several, of the first. */
  file: string;
  /** Texts of the files, by their paths inside the report's folder; the same results give the same texts. */
  files(results: Results): Promise<Record<string, string>>;
}

/** A report as one file. */
function oneFile(file: string, render: (results: Results) => string): ReportFormat {
  return { file, files: (results) => Promise.resolve({ [file]: render(results) }) };
}

/** Every report that is written, by the name of its format. */
export const reportFormats: Record<ReportFormatName, ReportFormat> = {
  "markdown": oneFile("report.md", renderMarkdown),
  "results-csv": oneFile("results.csv", renderResultsCsv),
  "runs-csv": oneFile("runs.csv", renderRunsCsv),
  "differences-csv": oneFile("differences.csv", renderDifferencesCsv),
  "trials-csv": oneFile("trials.csv", renderTrialsCsv),
  "prompts-csv": {
    file: "prompts.csv",
    files(results) {
      const text = renderPromptsCsv(results);
      return Promise.resolve<Record<string, string>>(text === "" ? {} : { "prompts.csv": text });
    },
  },
  "latex": oneFile("tables.tex", renderLatex),
  "page": {
    file: "report.html",
    // Loaded here, as the library of the figures takes half a second, which no other command should wait for.
    files: async (results) => (await import("./page/mod.ts")).renderPage(results),
  },
};

/** What else a report shows. */
export interface ReportOptions {
  /** Whether tables show the validation score beside the test score. */
  validation?: boolean;
  /** Whether the page shows the texts of test examples that methods disagree on. */
  texts?: boolean;
  /** A file or folder with results of PEFT's method comparison, which are shown beside. */
  external?: string;
}

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
  const { runs, trials, conflicts, unreadable, failed } = await collectRuns(folders);
  if (runs.length === 0) {
    const reasons = unreadable.map(({ path, reason }) => `; ${path}: ${reason}`).join("");
    throw new Error(
      `Cannot write a report: ${folders.join(", ")} must hold a readable record, current number is 0` +
        `${trials.length > 0 ? `, besides ${counted(trials.length, "trial")}` : ""}${reasons}`,
    );
  }
  // Loaded here, as it brings the tables of methods and models.
  const { inWords, readSources } = await import("./citation/cite.ts");
  return { ...groupRuns(runs, unreadable, conflicts, inWords(await readSources(runs))), failed };
}

/**
 * Writes every report of the records in results folders.
 * @param folders as {@linkcode readResults}
 * @param out folder of the reports, made if it does not exist
 * @throws {Error} as {@linkcode readResults}, or if `out` cannot be written
 * @throws {Error} if texts are asked for and the data of a task cannot be read
 * @throws {UsageError} if the results of others cannot be read
 */
export async function writeReport(
  folders: readonly string[],
  out: string,
  { validation = false, texts: withTexts = false, external: path }: ReportOptions = {},
): Promise<WrittenReport> {
  const external = path === undefined ? undefined : await readPeftResults(path);
  const read = await readResults(folders);
  const { controls, unreadable: others } = await readControls(folders);
  const unreadable = [...read.unreadable, ...external?.unreadable ?? [], ...others];
  // Loaded where it is needed, as it brings the tables of tasks.
  const texts = withTexts ? await (await import("./runs/texts.ts")).readTexts(read.runs) : undefined;
  return await writeReportOf({ ...read, unreadable, validation, texts, external, controls }, out);
}

/**
 * Writes every report of results that were read.
 * @throws {Error} if `out` cannot be written
 */
export async function writeReportOf(results: Results, out: string): Promise<WrittenReport> {
  const texts: { path: string; text: string }[] = [];
  for (const format of Object.values(reportFormats)) {
    for (const [file, text] of Object.entries(await format.files(results))) {
      texts.push({ path: `${out}/${file}`, text });
    }
  }
  try {
    await Deno.mkdir(out, { recursive: true });
    for (const { path, text } of texts) {
      await Deno.mkdir(dirname(path), { recursive: true });
      await writeWhole(path, text);
    }
  } catch (error) {
    throw new Error(`Cannot write a report: ${out} must be a folder that can be written (${(error as Error).message})`);
  }
  const { conflicts, unreadable } = results;
  return { files: texts.map(({ path }) => path), unreadable, conflicts, terminal: renderTerminal(results) };
}
