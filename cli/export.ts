/**
 * The command export: writes a folder with all that it takes to check, cite and repeat results.
 * @module
 */
import type { AddCommand } from "./command.ts";

/** Adds the command. */
export const addExport: AddCommand = (program, setStatus) => {
  program.command("export")
    .description("write a folder with all that it takes to check, cite and repeat results")
    .argument("<folder>", "the folder; an export of before is replaced, any other must be empty")
    .argument("[results...]", "results folders", ["results"])
    .action(async (folder: string, results: string[]) => {
      const { exportResults } = await import("../reports/export/export.ts");
      const { files, commands, unreadable } = await exportResults(results, folder);
      console.log(`${files.length} files in ${folder}; in a clone of TuneBench this repeats the runs:\n`);
      console.log(commands.join(" && "));
      for (const { path, reason } of unreadable) {
        console.error(`Cannot read the record ${path}, it is left out: ${reason}`);
      }
      setStatus(unreadable.length === 0 ? 0 : 1);
    });
};
