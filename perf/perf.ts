/**
 * Measures speed and memory: `deno task perf [step|epoch|scale|start|memory|plan|devices|adapters|coverage] [methods…] [--rounds N]
 * [--steps N] [--device cpu] [--precision int8] [--memory small]`; a language model: `deno task perf language [methods…]
 * --model FOLDER`; and accuracy: `deno task perf accuracy study.json --model FOLDER --out FOLDER`.
 *
 * `step`, `epoch`, `scale`, `start`, `language` and `accuracy` compare with PyTorch, transformers and PEFT: the Python that
 * TUNEBENCH_PYTHON names, with the packages of requirements.txt. The processes are measured in turn, so that all meet the
 * same load of the machine: the ratios count, not the times. Without Python TuneBench is measured alone. A check that
 * fails makes the exit code 1.
 * @module
 */
import { parseArgs } from "node:util";
import { lookUp, UsageError } from "../base/errors.ts";
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
import { measureScale } from "./measure/scale.ts";
import { measureStart } from "./measure/start.ts";
import { measureStep } from "./measure/step.ts";

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
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
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

/** The folder of the one model that is measured. */
function onlyModel([folder, ...others]: readonly string[] = []): string {
  if (folder !== undefined && others.length === 0) return folder;
  throw new UsageError("Cannot measure a language model: one --model FOLDER must be given");
}

/** What the command line asks for. */
async function measure(args: string[]): Promise<Report> {
  const { positionals, values } = parse(args);
  const [measurement = "step", ...names] = positionals;
  const compute = readComputeOptions(values);
  const methods = () => readMethods(names, compute);
  const number = (flag: "rounds" | "steps", byDefault: number) => wholeNumber(flag, values[flag] ?? String(byDefault));
  const repetitions = (rounds: number, steps: number) => ({
    rounds: number("rounds", rounds),
    steps: number("steps", steps),
  });
  const measurements: Record<string, () => Promise<Report>> = {
    step: () => measureStep(methods(), compute, repetitions(7, 3)),
    epoch: () => measureEpoch(methods(), compute, number("rounds", 3)),
    scale: () => measureScale(compute, repetitions(3, 1)),
    start: () => measureStart(compute),
    memory: () => measureMemory(methods(), compute),
    plan: () => measurePlan(methods(), compute),
    devices: measureDevices,
    coverage: measureCoverage,
    adapters: () => measureAdapters(names.length > 0 ? methods() : undefined, values.model?.[0], number("rounds", 5)),
    language: () => measureLanguage(onlyModel(values.model), names, compute, repetitions(3, 2)),
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
  console.error((error as Error).message);
  Deno.exit(error instanceof UsageError ? 2 : 1);
}
