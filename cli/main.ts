/**
 * The command line: `deno task <command>`.
 *
 * Exit status: 0 done, 1 something failed, 2 asked for wrongly, 130 or 143 stopped by a signal. Errors are one sentence;
 * with TUNEBENCH_DEBUG set, a stack trace too. Each command has a file, which loads the rest of the program only when the
 * command runs, so that the light ones start fast.
 * @module
 */
import { Command, CommanderError } from "commander";
import { UsageError } from "../base/errors.ts";
import config from "../deno.json" with { type: "json" };
import { addAdapter } from "./adapter.ts";
import { addBench } from "./bench.ts";
import type { SetStatus } from "./command.ts";
import { addFetch } from "./fetch.ts";
import { addList } from "./list.ts";
import { addPredict } from "./predict.ts";
import { addReport } from "./report.ts";

let status = 0;
const setStatus: SetStatus = (value) => status = value;

const program = new Command("tunebench")
  .description("Compares ways of adapting a pretrained language model.")
  .version(config.version)
  .exitOverride()
  .configureOutput({ outputError: () => {} });
for (const add of [addBench, addFetch, addReport, addPredict, addAdapter, addList]) add(program, setStatus);

try {
  await program.parseAsync(Deno.args, { from: "user" });
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
