/**
 * Measures speed, memory and accuracy: `deno task perf --help` lists what can be measured, and the flags.
 *
 * `step`, `epoch`, `study`, `scale`, `start`, `language` and `accuracy` compare with PyTorch, transformers and PEFT: the Python that
 * TUNEBENCH_PYTHON names, with the packages of requirements.txt. The processes are measured in turn, so that all meet the
 * same load of the machine: the ratios count, not the times. Without Python TuneBench is measured alone. A check that
 * fails makes the exit code 1.
 * @module
 */
import { parseArgs } from "node:util";
import { lookUp, shownMessage, UsageError } from "../base/errors.ts";
import { devices } from "../engine/devices/mod.ts";
import { type ComputeOptions, methodParts } from "./cases.ts";
import { measureAccuracy } from "./measure/accuracy.ts";
import { measureAdapters } from "./measure/adapters.ts";
import { measureCoverage } from "./measure/coverage.ts";
import { measureDevices } from "./measure/devices.ts";
import { measureEpoch } from "./measure/epoch.ts";
import { measureLanguage } from "./measure/language.ts";
import { measureMemory } from "./measure/memory.ts";
import { measurePlan } from "./measure/plan.ts";
import type { Report } from "./measure/report.ts";
import { measureReports } from "./measure/reports.ts";
import { measureRows } from "./measure/rows.ts";
import { measureScale } from "./measure/scale.ts";
import { measureStart } from "./measure/start.ts";
import { measureStep } from "./measure/step.ts";
import { measureStudy } from "./measure/study.ts";
import { measureWords } from "./measure/words.ts";
import { findModel } from "../runs/study/find-model.ts";

function wholeNumber(flag: string, text: string): number {
  if (!/^[1-9]\d*$/.test(text)) {
    throw new UsageError(`Cannot read --${flag}: it must be a whole number from 1, current value is ${text}`);
  }
  return Number(text);
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        rounds: { type: "string" },
        steps: { type: "string" },
        device: { type: "string", default: "cpu" },
        precision: { type: "string", default: "float32" },
        memory: { type: "string" },
        model: { type: "string", multiple: true },
        out: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    // Further sentences say how an argument could begin with a minus.
    throw new UsageError(`Cannot run: ${(error as Error).message.split(". ")[0]}`);
  }
}

function readComputeOptions(values: { device: string; precision: string; memory?: string }): ComputeOptions {
  const device = lookUp("device", devices, values.device);
  const precision = lookUp("precision", { float32: "float32", int8: "int8" } as const, values.precision);
  if (precision === "int8" && !device.int8) refuse("--precision int8", device.name);
  const { memory } = values;
  if (memory === undefined) return { device: device.name, precision };
  if (memory !== "small") throw new UsageError(`Cannot read --memory: it must be small, current value is ${memory}`);
  if (!device.small) refuse("--memory small", device.name);
  return { device: device.name, precision, memory };
}

function refuse(flag: string, device: string): never {
  throw new UsageError(`Cannot use ${flag}: the device must have it, current value is ${device}`);
}

/** The methods named, or all; in int8 only those that keep matrices frozen are possible. */
function readMethods(names: readonly string[], { precision }: ComputeOptions): string[] {
  const possible = Object.keys(methodParts).filter((name) => precision === "float32" || name !== "full");
  for (const name of names) {
    lookUp("method", methodParts, name);
    if (!possible.includes(name)) {
      throw new UsageError(`Cannot train ${name} in int8: matrices must stay frozen, it trains all of them`);
    }
  }
  return names.length > 0 ? [...names] : possible;
}

/** The study, the models and the results folder of a comparison of accuracy. */
function compareAccuracy([study, ...others]: readonly string[], folders: readonly string[] = [], out?: string) {
  if (study === undefined || others.length > 0 || folders.length === 0 || out === undefined) {
    throw new UsageError("Cannot compare accuracy: one study.json, --model FOLDER and --out FOLDER must be given");
  }
  return measureAccuracy(study, folders, out);
}

/** The folder of the one model that is measured. @throws {UsageError} if there is none, or if there are several */
function onlyModel([folder, ...others]: readonly string[] = []): string {
  if (folder !== undefined && others.length === 0) return folder;
  throw new UsageError("Cannot measure: one --model FOLDER must be given");
}

/** The model of `--model`, if it is given. @throws {UsageError} if it cannot be used, or if there are several */
async function givenModel(folders?: readonly string[]): Promise<string | undefined> {
  if (folders === undefined) return undefined;
  const folder = onlyModel(folders);
  await findModel(folder);
  return folder;
}

/** What can be measured: its arguments, and what it is. */
const MEASUREMENTS = {
  step: ["[methods…]", "a training step; the default"],
  epoch: ["[methods…]", "an epoch of real sentences, next to transformers' Trainer"],
  scale: ["", "a step against batch, length, layers and cells"],
  study: ["[preset]", "a whole study, quick by default, next to a plain script with PyTorch"],
  start: ["", "the time to the first step, record, list and report"],
  memory: ["[methods…]", "memory after 30 and after 300 steps"],
  plan: ["[methods…]", "planned memory next to measured"],
  devices: ["", "the same training on every device"],
  coverage: ["", "simulated studies: what the intervals of reports cover"],
  reports: ["", "reports of 1,000 and of 20,000 invented runs"],
  rows: ["", "files of 67,000 and of 1,000,000 rows"],
  adapters: ["[methods…] [--model FOLDER]", "1, 10 and 100 adapters on one model"],
  language: ["[methods…] --model FOLDER", "a training step and the generation of a language model"],
  words: ["--model FOLDER", "classifying by words of a language model, next to plain passes"],
  accuracy: ["study.json --model FOLDER --out RESULTS", "test accuracies next to PEFT's"],
} satisfies Record<string, readonly [args: string, what: string]>;

/** What `--help` prints. */
function help(): string {
  const lines = Object.entries(MEASUREMENTS).map(([name, [args, what]]) => [`${name} ${args}`.trim(), what]);
  const width = Math.max(...lines.map(([usage]) => usage.length));
  return [
    "Usage: deno task perf [measurement] [arguments] [flags]",
    "",
    "Measurements:",
    ...lines.map(([usage, what]) => `  ${usage.padEnd(width)}  ${what}`),
    "",
    "Flags:",
    "  --rounds N, --steps N  how often is measured",
    "  --device NAME          device (see list devices)",
    "  --precision int8       products with frozen matrices in 8-bit integers",
    "  --memory small         less memory, at less speed",
    "",
    "TUNEBENCH_PYTHON names a Python with PyTorch and PEFT to compare with; see docs/performance.md.",
  ].join("\n");
}

/** What the command line asks for. */
async function measure(args: string[]): Promise<Report> {
  const { positionals, values } = parse(args);
  if (values.help) return { text: help(), violations: [] };
  const [measurement = "step", ...names] = positionals;
  const compute = readComputeOptions(values);
  const methods = () => readMethods(names, compute);
  const number = (flag: "rounds" | "steps", byDefault: number) => wholeNumber(flag, values[flag] ?? String(byDefault));
  const repetitions = (rounds: number, steps: number) => ({
    rounds: number("rounds", rounds),
    steps: number("steps", steps),
  });
  const measurements: Record<keyof typeof MEASUREMENTS, () => Promise<Report>> = {
    step: () => measureStep(methods(), compute, repetitions(7, 3)),
    epoch: () => measureEpoch(methods(), compute, number("rounds", 3)),
    scale: () => measureScale(compute, repetitions(3, 1)),
    study: () => measureStudy(names[0] ?? "quick", compute, number("rounds", 3)),
    start: () => measureStart(compute),
    memory: () => measureMemory(methods(), compute),
    plan: () => measurePlan(methods(), compute),
    devices: measureDevices,
    coverage: measureCoverage,
    reports: () => measureReports(),
    rows: () => measureRows(),
    adapters: async () => {
      const model = await givenModel(values.model);
      return await measureAdapters(names.length > 0 ? methods() : undefined, model, number("rounds", 5));
    },
    language: () => measureLanguage(onlyModel(values.model), names, compute, repetitions(3, 2)),
    words: () => measureWords(onlyModel(values.model), number("rounds", 3)),
    accuracy: () => compareAccuracy(names, values.model, values.out),
  };
  return await lookUp("measurement", measurements, measurement)();
}

try {
  const { text, violations } = await measure(Deno.args);
  console.log(text);
  violations.forEach((violation) => console.error(violation));
  if (violations.length > 0) Deno.exit(1);
} catch (error) {
  console.error(shownMessage(error as Error));
  Deno.exit(error instanceof UsageError ? 2 : 1);
}
