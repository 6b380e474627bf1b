/**
 * The command line: `deno task <command>`.
 *
 * Exit status: 0 done, 1 something failed, 2 asked for wrongly, 130 or 143 stopped by a signal. Errors are one sentence;
 * with TUNEBENCH_DEBUG set, a stack trace too. Each command has a file, which loads the rest of the program only when the
 * command runs, so that the light ones start fast.
 * @module
 */
import { CommanderError } from "commander";
import { UsageError } from "../base/errors.ts";
import { createProgram } from "./program.ts";

let status = 0;

try {
  await createProgram((value) => status = value).parseAsync(Deno.args, { from: "user" });
} catch (error) {
  status = report(error as Error);
}
Deno.exit(status);

/** Says what went wrong and gives the exit status. */
function report(error: Error): number {
  if (error instanceof CommanderError) {
    // Help and version were asked for; help on a missing command was not.
    if (error.exitCode === 0) return 0;
    if (error.code !== "commander.help") {
      console.error(error.message.replace(/^error: /, "Cannot run: ").replace("\n", " "));
    }
    return 2;
  }
  console.error(Deno.env.has("TUNEBENCH_DEBUG") ? error : error.message);
  return error instanceof UsageError ? 2 : 1;
}
