/**
 * The command report: writes the reports of results folders.
 * @module
 */
import { shownMessage, UsageError } from "../base/errors.ts";
import type { ReportOptions } from "../reports/mod.ts";
import type { AddCommand } from "./command.ts";

/** Adds the command. */
export const addReport: AddCommand = (program, setStatus) => {
  program.command("report")
    .description("write the reports of results folders")
    .argument("[results...]", "results folders", ["results"])
    .option("--out <folder>", "folder of the reports (default: report, in the first results folder)")
    .option("--validation", "show the score on the validation examples, which chose the epoch, beside the test score")
    .option(
      "--texts",
      "show in report.html the texts that methods disagree on, of tasks that come with TuneBench, and generated texts",
    )
    .option("--external <path>", "show results of PEFT's method comparison beside: a file of them, or a folder")
    .option("--compare <methods>", "test two methods, joined by a comma, in every table that has both; write nothing")
    .option("--baseline <folder>", "say what moved beyond noise since these results; write nothing")
    .action(async (folders: string[], flags: ReportFlags) => setStatus(await runReport(folders, flags)));
};

interface ReportFlags {
  out?: string;
  validation?: boolean;
  texts?: boolean;
  external?: string;
  compare?: string;
  baseline?: string;
}

async function runReport(folders: string[], flags: ReportFlags): Promise<number> {
  const { out, compare, baseline, validation, texts, external } = flags;
  if (compare === undefined && baseline === undefined) {
    return await writeReports(folders, out ?? `${folders[0]}/report`, { validation, texts, external });
  }
  const unused = (["out", "validation", "texts", "external"] as const).find((name) => flags[name] !== undefined);
  if (unused !== undefined) throw new UsageError(`Cannot use --${unused}: --compare and --baseline write no files`);
  const { readResults } = await import("../reports/mod.ts");
  const results = await readResults(folders);
  if (compare !== undefined) {
    const { renderPair, splitPair } = await import("../reports/text/pair.ts");
    console.log(renderPair(results, splitPair(results, compare)));
  }
  if (baseline !== undefined) {
    const { renderBaseline } = await import("../reports/baseline.ts");
    console.log(renderBaseline(results, await readResults([baseline])));
  }
  return 0;
}

/**
 * Writes the reports, prints the tables, and names the records that were left out, and those that contradict each other.
 * @returns the exit status
 */
export async function writeReports(folders: string[], out: string, options: ReportOptions = {}): Promise<number> {
  const { writeReport } = await import("../reports/mod.ts");
  const { conflictInWords } = await import("../reports/words.ts");
  const { files, unreadable, conflicts, terminal } = await writeReport(folders, out, options);
  console.log(`${terminal}\n${files.join("\n")}`);
  const complaints = [
    ...unreadable.map(({ path, reason }) => `Cannot read the record ${path}, it is left out: ${reason}`),
    ...conflicts.map((conflict) => `Results differ, the first is reported: ${conflictInWords(conflict)}`),
  ];
  for (const message of complaints) console.error(shownMessage({ message }));
  return unreadable.length + conflicts.length === 0 ? 0 : 1;
}
