/**
 * Measures speed and memory: `deno task perf [step|memory|start] [methods…] [--rounds 7] [--steps 3]`.
 *
 * `step` compares a training step with PyTorch's and PEFT's (Python from TUNEBENCH_PYTHON, packages of requirements.txt).
 * The two take turns, so that both meet the same load of the machine: the ratios count, not the times. `memory` compares
 * the resident size after 30 and after 300 steps. `start` measures `deno task list` and the first cell of `bench`.
 * @module
 */
import os from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { markdownTable } from "markdown-table";
import { lookUp } from "../runs/look-up.ts";
import { UsageError } from "../runs/usage-error.ts";
import { Contestant, type Turn } from "./contestant.ts";
import { BATCH_SIZE, LENGTH, measured, THREADS } from "./setting.ts";
import { measureStart } from "./start.ts";

const python = Deno.env.get("TUNEBENCH_PYTHON") ?? "python3";
const pathOf = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const worker = ["run", "--quiet", "-P=worker", "--config", pathOf("../deno.json")];

function tuneBench(folder: string, method: string, steps: number): Contestant {
  return new Contestant(Deno.execPath(), [...worker, pathOf("step.ts"), folder, method, String(steps)]);
}

function peft(folder: string, method: string, steps: number): Contestant {
  return new Contestant(python, [pathOf("step_peft.py"), folder, method, String(steps), String(THREADS)]);
}

/** Measures with the files of a comparison in a folder of its own. */
async function withFiles<T>(measure: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "tunebench-perf-" });
  try {
    const args = [...worker, pathOf("prepare.ts"), folder];
    const { success } = await new Deno.Command(Deno.execPath(), { args }).spawn().status;
    if (!success) throw new Error(`Cannot measure: the files of the comparison could not be written to ${folder}`);
    return await measure(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Turns of contestants, alternating: one to warm up, then one a round. */
async function alternate(contestants: readonly Contestant[], rounds: number, steps: number): Promise<Turn[][]> {
  const turns: Turn[][] = contestants.map(() => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [at, contestant] of contestants.entries()) turns[at].push(await contestant.take(steps));
  }
  return turns;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** "median (least–greatest)". */
function spread(values: readonly number[], digits: number): string {
  const [middle, least, greatest] = [median(values), Math.min(...values), Math.max(...values)];
  return `${middle.toFixed(digits)} (${least.toFixed(digits)}–${greatest.toFixed(digits)})`;
}

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0);
const stepMedians = (turns: readonly Turn[]) => turns.slice(1).map(({ milliseconds }) => median(milliseconds));

/** A Markdown table of rows with the same columns, the first of them text. */
function table(rows: readonly Record<string, string>[]): string {
  const header = Object.keys(rows[0]);
  const align = header.map((_, column) => column === 0 ? "l" : "r");
  return markdownTable([header, ...rows.map((row) => Object.values(row))], { align });
}

/** A method's row: alone, or next to PEFT. */
async function compareSteps(
  folder: string,
  method: string,
  withPeft: boolean,
  rounds: number,
  steps: number,
): Promise<Record<string, string>> {
  const total = (rounds + 1) * steps;
  const contestants = [tuneBench(folder, method, total), ...withPeft ? [peft(folder, method, total)] : []];
  const [ours, theirs] = await alternate(contestants, rounds, steps);
  await Promise.all(contestants.map((contestant) => contestant.end()));
  const losses = ours.flatMap(({ losses }) => losses);
  const row = {
    method,
    "ms": spread(stepMedians(ours), 0),
    "peak MB": megabytes(ours.at(-1)!.peak),
    "first loss": losses[0].toFixed(6),
    "last loss": losses.at(-1)!.toFixed(6),
  };
  if (!theirs) return row;
  const ratios = stepMedians(theirs).map((time, round) => time / stepMedians(ours)[round]);
  const differences = theirs.flatMap(({ losses }) => losses).map((loss, step) => Math.abs(loss - losses[step]));
  return {
    ...row,
    "PEFT ms": spread(stepMedians(theirs), 0),
    "PEFT peak MB": megabytes(theirs.at(-1)!.peak),
    "speed ×": spread(ratios, 2),
    "memory ×": (ours.at(-1)!.peak / theirs.at(-1)!.peak).toFixed(2),
    "loss differs first by": differences[0].toExponential(0),
    "at most by": Math.max(...differences).toExponential(0),
  };
}

/** Whether Python has what the peer needs. */
async function peftWorks(): Promise<boolean> {
  try {
    const args = ["-c", "import torch, transformers, peft"];
    return (await new Deno.Command(python, { args, stderr: "null" }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function measureSteps(names: readonly string[], rounds: number, steps: number): Promise<string> {
  const withPeft = await peftWorks();
  if (!withPeft) {
    console.error(
      `${python} has no torch, transformers and peft: TuneBench is measured alone. Install bench/requirements.txt and ` +
        "name that Python in TUNEBENCH_PYTHON to compare.",
    );
  }
  const rows = await withFiles(async (folder) => {
    const rows = [];
    for (const name of names) rows.push(await compareSteps(folder, name, withPeft, rounds, steps));
    return rows;
  });
  return `Training step at MiniLM-L6 shape: batch ${BATCH_SIZE}, length ${LENGTH}, ${THREADS} threads of ` +
    `${os.cpus()[0].model}, AdamW included. Median (range) over ${rounds} rounds of ${steps} steps; peak resident ` +
    `memory of each one's process.\n\n${table(rows)}`;
}

async function measureMemory(names: readonly string[]): Promise<string> {
  const rows = await withFiles(async (folder) => {
    const rows = [];
    for (const method of names) {
      const contestant = tuneBench(folder, method, 300);
      const early = (await contestant.take(30)).resident!;
      const late = (await contestant.take(270)).resident!;
      await contestant.end();
      rows.push({
        method,
        "MB after 30 steps": megabytes(early),
        "MB after 300 steps": megabytes(late),
        "change": `${(100 * (late / early - 1)).toFixed(1)} %`,
      });
    }
    return rows;
  });
  return `Resident memory at MiniLM-L6 shape, batch ${BATCH_SIZE}, length ${LENGTH}.\n\n${table(rows)}`;
}

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
      options: { rounds: { type: "string", default: "7" }, steps: { type: "string", default: "3" } },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** What the command line asks for, as text. */
async function measure(args: string[]): Promise<string> {
  const { positionals, values } = parse(args);
  const [what = "step", ...chosen] = positionals;
  const names = chosen.length > 0 ? chosen : Object.keys(measured);
  names.forEach((name) => lookUp("method", measured, name));
  const measurements: Record<string, () => Promise<string>> = {
    step: () => measureSteps(names, wholeNumber("rounds", values.rounds), wholeNumber("steps", values.steps)),
    memory: () => measureMemory(names),
    start: measureStart,
  };
  return await lookUp("measurement", measurements, what)();
}

try {
  console.log(await measure(Deno.args));
} catch (error) {
  console.error((error as Error).message);
  Deno.exit(error instanceof UsageError ? 2 : 1);
}
