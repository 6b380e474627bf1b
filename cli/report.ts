/**
 * The command report: writes the reports of results folders.
 * @module
 */
import { shownMessage } from "../base/errors.ts";
import type { AddCommand } from "./command.ts";

/** Adds the command. */
export const addReport: AddCommand = (program, setStatus) => {
  program.command("report")
    .description("write the reports of results folders")
    .argument("[results...]", "results folders", ["results"])
    .option("--out <folder>", "folder of the reports (default: report, in the first results folder)")
    .action(async (folders: string[], { out }: { out?: string }) =>
      setStatus(await writeReports(folders, out ?? `${folders[0]}/report`))
    );
};

/**
 * Writes the reports, prints the tables, and names the records that were left out.
 * @returns the exit status
 */
export async function writeReports(folders: string[], out: string): Promise<number> {
  const { writeReport } = await import("../reports/mod.ts");
  const { files, unreadable, terminal } = await writeReport(folders, out);
  console.log(`${terminal}\n${files.join("\n")}`);
  for (const { path, reason } of unreadable) {
    console.error(shownMessage({ message: `Cannot read the record ${path}, it is left out: ${reason}` }));
  }
  return unreadable.length === 0 ? 0 : 1;
}
