/**
 * The command cite: prints citations of the suite and of what results use.
 * @module
 */
import { lookUp } from "../base/errors.ts";
import type { RunRecord } from "../runs/study/record.ts";
import type { AddCommand } from "./command.ts";

/** Adds the command. */
export const addCite: AddCommand = (program, setStatus) => {
  program.command("cite")
    .description("cite TuneBench, and the models, data sets, methods, metrics and statistics that results use")
    .argument("[results...]", "results folders; TuneBench alone if left out")
    .option("--format <name>", "bibtex, apa or cff", "bibtex")
    .action(async (folders: string[], { format }: { format: string }) => setStatus(await runCite(folders, format)));
};

async function runCite(folders: string[], format: string): Promise<number> {
  const { citationFormats, cite } = await import("../reports/citation/cite.ts");
  const { readRecords } = await import("../runs/study/read-records.ts");
  lookUp("format", citationFormats, format);
  const records: RunRecord[] = [];
  let status = 0;
  for (const folder of folders) {
    const read = await readRecords(folder);
    records.push(...read.records);
    for (const { path, reason } of read.unreadable) {
      console.error(`Cannot read the record ${path}, it is left out: ${reason}`);
      status = 1;
    }
  }
  if (folders.length > 0 && records.length === 0) {
    throw new Error(`Cannot cite: ${folders.join(", ")} must hold a readable record, current number is 0`);
  }
  console.log((await cite(records, format as keyof typeof citationFormats)).trimEnd());
  if (folders.length === 0) console.error("This is TuneBench alone: name a results folder for all that its runs use.");
  return status;
}
