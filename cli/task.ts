/**
 * The command task, with the subcommand check.
 * @module
 */
import type { AddCommand } from "./command.ts";
import { describeTables, type TaskFlags, withTaskFlags } from "./task-flags.ts";

/** Adds the command. */
export const addTask: AddCommand = (program, setStatus) => {
  const command = program.command("task")
    .description("work with tasks of your own")
    .command("check")
    .description("show what is understood of a task: rows, classes, lengths, duplicates, examples")
    .argument("<file>", "a description, or a CSV, TSV, JSON lines or Parquet file with --text and --label");
  withTaskFlags(command).action(async (file: string, flags: TaskFlags) => setStatus(await runCheck(file, flags)));
};

async function runCheck(file: string, flags: TaskFlags): Promise<number> {
  const { UsageError } = await import("../base/errors.ts");
  const { openOwn } = await import("../runs/study/find-task.ts");
  const { renderTask } = await import("./output/task-check.ts");
  const [entry] = await describeTables([file], flags);
  try {
    console.log(renderTask(await openOwn(entry)));
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    // The question was right: the answer is that the task cannot be used.
    const { shownMessage } = await import("../base/errors.ts");
    console.error(shownMessage(error));
    return 1;
  }
}
