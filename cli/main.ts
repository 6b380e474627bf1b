/**
 * The command line: `deno task <command>`.
 *
 * Exit status: 0 success, 1 failure, 2 wrong usage, 130 or 143 stopped by a signal. An error is printed as one sentence,
 * with a stack trace if TUNEBENCH_DEBUG is set. Each command has a file of its own, which loads the rest of the program
 * only when the command runs, so that light commands start fast.
 * @module
 */
import { CommanderError } from "commander";
import { shownMessage, UsageError, visible } from "../base/errors.ts";
import { createProgram } from "./program.ts";

let status = 0;

try {
  await createProgram((value) => status = value).parseAsync(Deno.args, { from: "user" });
} catch (error) {
  status = report(error as Error);
}
Deno.exit(status);

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
