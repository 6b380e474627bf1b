/**
 * Measures speed and memory: `deno task perf [step|memory|start] [methods…] [--rounds 7] [--steps 3]`.
 *
 * `step` compares a training step with PyTorch's and PEFT's (Python from TUNEBENCH_PYTHON, packages of requirements.txt).
 * The two take turns, so that both meet the same load of the machine: the ratios count, not the times. `memory` compares
 * the resident size after 30 and after 300 steps. `start` measures `deno task list` and the first cell of `bench`.
 * @module
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { markdownTable } from "markdown-table";
import { cacheFolder } from "../models/cache.ts";
import { Contestant, type Turn } from "./contestant.ts";
import { BATCH_SIZE, LENGTH, measured, THREADS } from "./setting.ts";
import { measureStart } from "./start.ts";

const python = Deno.env.get("TUNEBENCH_PYTHON") ?? "python3";
const pathOf = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const worker = ["run", "--quiet", "-P=worker", "--config", pathOf("../deno.json")];

/** Where the files of a measurement lie; each run writes them anew. */
const folder = `${cacheFolder()}/perf`;

function tuneBench(method: string, steps: number): Contestant {
  return new Contestant(Deno.execPath(), [...worker, pathOf("step.ts"), folder, method, String(steps)]);
}

function peft(method: string, steps: number): Contestant {
  return new Contestant(python, [pathOf("step_peft.py"), folder, method, String(steps), String(THREADS)]);
}

async function prepare(): Promise<void> {
  const { success } = await new Deno.Command(Deno.execPath(), { args: [...worker, pathOf("prepare.ts"), folder] })
    .spawn()
    .status;
  if (!success) throw new Error(`Cannot measure: the files of the measurement could not be written to ${folder}`);
}

/** Turns of contestants, alternating. The first turn warms up; of its losses the first is kept. */
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

/** A method's row: alone, or next to PEFT. */
async function compareSteps(method: string, withPeft: boolean, rounds: number, steps: number): Promise<string[]> {
  const total = (rounds + 1) * steps;
  const contestants = withPeft ? [tuneBench(method, total), peft(method, total)] : [tuneBench(method, total)];
  const [ours, theirs] = await alternate(contestants, rounds, steps);
  await Promise.all(contestants.map((contestant) => contestant.end()));
  const own = [method, spread(stepMedians(ours), 0), megabytes(ours.at(-1)!.peak)];
  const losses = ours.flatMap(({ losses }) => losses);
  if (!theirs) return [...own, losses[0].toFixed(6), losses.at(-1)!.toFixed(6)];
  const ratios = stepMedians(theirs).map((time, round) => time / stepMedians(ours)[round]);
  const difference = theirs.flatMap(({ losses }) => losses).map((loss, step) => Math.abs(loss - losses[step]));
  return [
    ...own,
    spread(stepMedians(theirs), 0),
    megabytes(theirs.at(-1)!.peak),
    spread(ratios, 2),
    (ours.at(-1)!.peak / theirs.at(-1)!.peak).toFixed(2),
    losses[0].toFixed(6),
    losses.at(-1)!.toFixed(6),
    difference[0].toExponential(0),
    Math.max(...difference).toExponential(0),
  ];
}

/** Whether Python has what the peer needs. */
async function peftWorks(): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(python, {
      args: ["-c", "import torch, transformers, peft"],
      stderr: "null",
    })
      .output();
    return success;
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
  await prepare();
  const header = withPeft
    ? [
      "method",
      "ms",
      "peak MB",
      "PEFT ms",
      "PEFT MB",
      "speed ×",
      "memory ×",
      "first loss",
      "last loss",
      "Δ first",
      "Δ most",
    ]
    : ["method", "ms", "peak MB", "first loss", "last loss"];
  const rows = [];
  for (const name of names) rows.push(await compareSteps(name, withPeft, rounds, steps));
  return `Training step, MiniLM-L6 shape, batch ${BATCH_SIZE}, length ${LENGTH}, ${THREADS} threads, ` +
    `median (range) of ${rounds} rounds of ${steps} steps; peak resident memory of each one's process\n\n` +
    markdownTable([header, ...rows], { align: ["l", ...header.slice(1).map(() => "r")] });
}

async function measureMemory(names: readonly string[]): Promise<string> {
  await prepare();
  const rows = [];
  for (const name of names) {
    const contestant = tuneBench(name, 300);
    const early = (await contestant.take(30)).resident!;
    const late = (await contestant.take(270)).resident!;
    await contestant.end();
    rows.push([name, megabytes(early), megabytes(late), `${(100 * (late / early - 1)).toFixed(1)} %`]);
  }
  const header = ["method", "MB after 30 steps", "MB after 300 steps", "change"];
  return `Resident memory\n\n${markdownTable([header, ...rows], { align: ["l", "r", "r", "r"] })}`;
}

const { positionals, values } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: { rounds: { type: "string", default: "7" }, steps: { type: "string", default: "3" } },
});
const [what = "step", ...chosen] = positionals;
const unknown = chosen.find((name) => !(name in measured));
if (unknown) {
  console.error(`Cannot measure ${unknown}: it must be one of ${Object.keys(measured).join(", ")}`);
  Deno.exit(2);
}
const names = chosen.length > 0 ? chosen : Object.keys(measured);
switch (what) {
  case "step":
    console.log(await measureSteps(names, Number(values.rounds), Number(values.steps)));
    break;
  case "memory":
    console.log(await measureMemory(names));
    break;
  case "start":
    console.log(await measureStart());
    break;
  default:
    console.error(`Cannot measure ${what}: it must be one of step, memory, start`);
    Deno.exit(2);
}
