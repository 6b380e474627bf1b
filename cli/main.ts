/**
 * The command line: `deno task <command>`.
 *
 * Exit status: 0 success, 1 failure, 2 wrong usage, 130 or 143 stopped by a signal. An error is printed as one sentence,
 * with a stack trace if TUNEBENCH_DEBUG is set. Each command has a file of its own, which loads the rest of the program
 * only when the command runs, so that light commands start fast.
 * @module
 */
import { CommanderError } from "commander";
import { fileURLToPath } from "node:url";
import { shownMessage, UsageError, visible } from "../base/errors.ts";
import { createProgram } from "./program.ts";

let status = 0;

try {
  goToCaller();
  await createProgram((value) => status = value).parseAsync(Deno.args, { from: "user" });
} catch (error) {
  status = report(error as Error);
}
Deno.exit(status);

/** `deno task` runs in the clone and says where it was called: relative paths count from there. */
function goToCaller(): void {
  const called = Deno.env.get("INIT_CWD");
  // Elsewhere than in the clone the program was started without `deno task`, and the variable is another program's.
  const inClone = Deno.cwd() === fileURLToPath(new URL("..", import.meta.url)).replace(/[\\/]$/, "");
  if (called !== undefined && inClone) Deno.chdir(called);
}

/** Prints an error and returns the exit status. */
function report(error: Error): number {
  if (error instanceof CommanderError) {
    // --help and --version end in an error, too, with exit code 0. Without a command commander has printed the help.
    if (error.exitCode === 0) return 0;
    if (error.code !== "commander.help") {
      const message = error.message.replace(/^error: /, "Cannot run: ").replace("\n", " ");
      console.error(shownMessage({ message }));
    }
    return 2;
  }
  const lines = Deno.env.has("TUNEBENCH_DEBUG") ? (error.stack ?? String(error)).split("\n") : [];
  console.error(lines.length > 0 ? lines.map(visible).join("\n") : shownMessage(error));
  return error instanceof UsageError ? 2 : 1;
}
