/**
 * The command plugin, with the subcommand check.
 * @module
 */
import type { AddCommand } from "./command.ts";

/** Adds the command. */
export const addPlugin: AddCommand = (program, setStatus) => {
  program.command("plugin")
    .description("work with methods, tasks and models of your own")
    .command("check")
    .description(
      "try whether what a plug-in defines keeps its contract: counts, start, gradients, rows, a forward pass",
    )
    .argument("<file>", "the plug-in")
    .option("--task-files <folder>", "files that a task of it asks for")
    .action(async (file: string, flags: { taskFiles?: string }) => setStatus(await runCheck(file, flags.taskFiles)));
};

async function runCheck(file: string, taskFiles?: string): Promise<number> {
  const { counted, visible } = await import("../base/errors.ts");
  const { checkPlugin } = await import("../runs/launch/plugins/check-plugin.ts");
  let broken = 0;
  await checkPlugin(file, taskFiles, ({ kind, name, checks }) => {
    console.log(`${kind} ${name}`);
    for (const { rule, passed, detail } of checks) {
      if (!passed) broken++;
      console.log(visible(`  ${passed ? "so" : "NOT SO"}: ${rule} (${detail})`));
    }
  });
  if (broken === 0) return 0;
  console.error(
    visible(`Cannot rely on the plug-in ${file}: it must keep its contract, ${counted(broken, "rule")} it breaks`),
  );
  return 1;
}
