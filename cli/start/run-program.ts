/**
 * The command line, from its arguments to an exit status.
 * @module
 */
import { type Command, CommanderError } from "commander";
import { shownMessage, UsageError, visible } from "../../base/errors.ts";
import { createProgram } from "../program.ts";

/**
 * Reads the arguments of this process, runs the command that they name and ends the process.
 * @param instead done in place of the command, once its arguments and flags are read; returns the exit status, null to run
 *     the command here after all
 */
export async function runProgram(instead?: (command: Command) => Promise<number | null>): Promise<never> {
  Deno.exit(await runArguments(Deno.args, instead));
}

/**
 * Runs the command that arguments name. An error is printed as one sentence, with a stack trace if TUNEBENCH_DEBUG is set.
 * @returns the exit status
 */
export async function runArguments(
  args: readonly string[],
  instead?: (command: Command) => Promise<number | null>,
): Promise<number> {
  let status = 0;
  try {
    const program = createProgram((value) => status = value);
    if (instead) {
      program.hook("preAction", async (_, command) => {
        const status = await instead(command);
        if (status !== null) Deno.exit(status);
      });
    }
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    status = report(error as Error);
  }
  return status;
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
