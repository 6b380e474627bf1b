/**
 * The commands of the program, with their arguments and flags.
 * @module
 */
import { Command } from "commander";
import config from "../deno.json" with { type: "json" };
import { addAdapter } from "./adapter.ts";
import { addBench } from "./bench.ts";
import { addCite } from "./cite.ts";
import type { SetStatus } from "./command.ts";
import { addDoctor } from "./doctor.ts";
import { addExport } from "./export.ts";
import { addVerify } from "./verify.ts";
import { addFetch } from "./fetch.ts";
import { addList } from "./list.ts";
import { addPlugin } from "./plugin.ts";
import { addPredict } from "./predict.ts";
import { addReport } from "./report.ts";
import { addTask } from "./task.ts";

/**
 * A program with every command. It throws where commander would end the process, and prints no errors.
 * @param setStatus takes the exit status of the command that ran
 */
export function createProgram(setStatus: SetStatus): Command {
  const program = new Command("tunebench")
    .description("Compares ways of adapting a pretrained language model.")
    .version(config.version)
    .exitOverride()
    .configureOutput({ outputError: () => {} });
  const running = [addBench, addTask, addPlugin, addFetch, addVerify, addPredict, addAdapter];
  const all = [...running, addReport, addCite, addExport, addList, addDoctor];
  for (const add of all) add(program, setStatus);
  return program;
}
