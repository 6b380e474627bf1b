/**
 * The command line: `deno task <command>`.
 *
 * Exit status: 0 success, 1 failure, 2 wrong usage, 130 or 143 stopped by a signal. This process reads the arguments alone. Then it starts
 * the command in a process that may touch what they name, and waits for it; a command that touches nothing but TuneBench runs here. Each command has a file of its own, which loads the rest of
 * the program only when the command runs.
 * @module
 */
import { resolve } from "node:path";
import { projectFolder } from "../base/permissions.ts";
import { permissionsOf } from "./start/permissions.ts";
import { runProgram } from "./start/run-program.ts";
import { startCommand } from "./start/start-command.ts";

goToCaller();
await runProgram(async (command) => {
  const permissions = await permissionsOf(command);
  return permissions && await startCommand(command.name(), permissions);
});

/** `deno task` runs in the clone and says where it was called: relative paths count from there. */
function goToCaller(): void {
  const called = Deno.env.get("INIT_CWD");
  // Elsewhere than in the clone the program was started without `deno task`, and the variable is another program's.
  if (called !== undefined && resolve() === projectFolder) Deno.chdir(called);
}
