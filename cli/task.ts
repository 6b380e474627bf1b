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
  const { shorten, UsageError } = await import("../base/errors.ts");
  const { isTaskPath } = await import("../tasks/described/described.ts");
  const { openOwn } = await import("../runs/study/find-task.ts");
  const { renderTask } = await import("./output/task-check.ts");
  if (!isTaskPath(file)) {
    throw new UsageError(
      `Cannot check ${shorten(file)}: it must be the path of a file, such as ./reviews.json or ./reviews.csv`,
    );
  }
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
