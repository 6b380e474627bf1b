/**
 * The command task, with the subcommand check.
 * @module
 */
import type { AddCommand } from "./command.ts";
import type { TaskData, TextInput } from "../tasks/types.ts";
import { describeTables, type TaskFlags, withTaskFlags } from "./task-flags.ts";

/** Adds the command. */
export const addTask: AddCommand = (program, setStatus) => {
  const command = program.command("task")
    .description("work with tasks of your own")
    .command("check")
    .description("show what is understood of a task: rows, classes, lengths, duplicates, examples")
    .argument(
      "<task>",
      "a description, a CSV, TSV, JSON lines or Parquet file with --text and --label, or a task's name",
    )
    .option("--model <model>", "a model: lengths in its tokens, and examples as it reads them")
    .option("--task-files <folder>", "folder of the files of a task such as rte or e2e");
  withTaskFlags(command).action(async (task: string, flags: CheckFlags) => setStatus(await runCheck(task, flags)));
};

interface CheckFlags extends TaskFlags {
  model?: string;
  taskFiles?: string;
}

async function runCheck(name: string, { model, taskFiles, ...flags }: CheckFlags): Promise<number> {
  const { asUsageError, shownMessage, UsageError } = await import("../base/errors.ts");
  const { findModel } = await import("../runs/study/find-model.ts");
  const { findTask, openDescription, studied, taskOfSpec } = await import("../runs/study/find-task.ts");
  const { renderNamed, renderTask } = await import("./output/task-check.ts");
  const [entry] = await describeTables([name], flags);
  const found = model === undefined ? undefined : await findModel(model);
  let opened;
  try {
    opened = await openDescription(entry);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    // The question was right: the answer is that the task cannot be used.
    console.error(shownMessage(error));
    return 1;
  }
  const { task: spec, paths, data } = opened ? studied(opened) : await findTask(name, taskFiles);
  const task = taskOfSpec(spec, paths.tables);
  const files = paths.taskFiles === undefined ? undefined : { folder: paths.taskFiles, files: spec.files! };
  const examples = data ?? await asUsageError<TaskData<TextInput>>(() => task.load(files));
  console.log(opened ? renderTask(opened) : renderNamed(task, examples));
  if (!found) return 0;
  const { renderTokens } = await import("./output/token-lengths.ts");
  console.log(await renderTokens(found, task, examples));
  return 0;
}
