/**
 * Measures speed and memory: `deno task perf [step|epoch|scale|start|memory|plan] [methods…] [--rounds 7] [--steps 3]
 * [--device cpu] [--memory small]`.
 *
 * `step`, `epoch`, `scale` and `start` compare with PyTorch, transformers and PEFT (Python from TUNEBENCH_PYTHON, packages
 * of requirements.txt). The contestants take turns, so that all meet the same load of the machine: the ratios count, not
 * the times. Without Python TuneBench is measured alone. A check that does not hold makes the exit code 1.
 * @module
 */
import { parseArgs } from "node:util";
import { lookUp } from "../runs/look-up.ts";
import { UsageError } from "../runs/usage-error.ts";
import type { Report } from "./comparison.ts";
import { measureEpoch } from "./measure-epoch.ts";
import { measureMemory } from "./measure-memory.ts";
import { measurePlan } from "./measure-plan.ts";
import { measureScale } from "./measure-scale.ts";
import { measureStart } from "./measure-start.ts";
import { measureStep } from "./measure-step.ts";
import { type Choices, measured } from "./setting.ts";

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
        steps: { type: "string", default: "3" },
        device: { type: "string", default: "cpu" },
        memory: { type: "string" },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function readChoices({ device, memory }: { device: string; memory?: string }): Choices {
  if (memory === undefined) return { device };
  if (memory !== "small") throw new UsageError(`Cannot read --memory: it must be small, current value is ${memory}`);
  return { device, memory };
}

/** What the command line asks for. */
async function measure(args: string[]): Promise<Report> {
  const { positionals, values } = parse(args);
  const [what = "step", ...chosen] = positionals;
  const names = chosen.length > 0 ? chosen : Object.keys(measured);
  names.forEach((name) => lookUp("method", measured, name));
  const choices = readChoices(values);
  const rounds = (standard: number) => wholeNumber("rounds", values.rounds ?? String(standard));
  const effort = (standard: number) => ({ rounds: rounds(standard), steps: wholeNumber("steps", values.steps) });
  const measurements: Record<string, () => Promise<Report>> = {
    step: () => measureStep(names, choices, effort(7)),
    epoch: () => measureEpoch(names, choices, rounds(3)),
    scale: () => measureScale(choices, effort(2)),
    start: () => measureStart(choices),
    memory: () => measureMemory(names, choices),
    plan: () => measurePlan(names, choices),
  };
  return await lookUp("measurement", measurements, what)();
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
