/**
 * Time and memory of a step against batch, length and layers, and time of a study against its cells.
 * @module
 */
import { peersWork, type Report, withFiles } from "./comparison.ts";
import { runTask } from "./measure-start.ts";
import { compareSteps, type Effort, explainSteps } from "./measure-step.ts";
import { BATCH_SIZE, type Choices, LENGTH, MINILM } from "./cases.ts";
import { table } from "./table.ts";

const METHOD = "lora";
const CENTRE = { batch: BATCH_SIZE, length: LENGTH, layers: MINILM.layers };
const POINTS: (typeof CENTRE)[] = [
  CENTRE,
  ...[8, 128].map((batch) => ({ ...CENTRE, batch })),
  ...[16, 256].map((length) => ({ ...CENTRE, length })),
  ...[2, 12].map((layers) => ({ ...CENTRE, layers })),
];
const CELLS = [1, 4, 8];
const JOBS = [1, 2];

/** Seconds of a study of so many small cells. */
async function timeCells(cells: number, jobs: number): Promise<number> {
  const folder = await Deno.makeTempDir({ prefix: "tunebench-perf-" });
  try {
    const begun = performance.now();
    const flags = ["--methods", METHOD, "--seeds", String(cells), "--jobs", String(jobs), "--out", folder];
    await runTask("bench", ["smoke", ...flags]);
    return (performance.now() - begun) / 1000;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Steps around MiniLM-L6 shape, next to PEFT's, and studies of 1 to 8 cells. */
export async function measureScale(choices: Choices, effort: Effort): Promise<Report> {
  const withPeft = await peersWork();
  const rows: Record<string, string>[] = [];
  const violations: string[] = [];
  for (const point of POINTS) {
    const { batch, length, layers } = point;
    const compared = await withFiles(
      { sizes: { ...MINILM, layers }, methods: [METHOD], texts: { count: batch, length } },
      (folder) => compareSteps(folder, METHOD, batch, withPeft, choices, effort),
    );
    const sizes = Object.fromEntries(Object.entries(point).map(([name, size]) => [name, String(size)]));
    rows.push({ ...sizes, ...compared.row });
    violations.push(...compared.violations);
  }
  const cells: Record<string, string>[] = [];
  for (const number of CELLS) {
    const row: Record<string, string> = { cells: String(number) };
    for (const jobs of JOBS) row[`s with --jobs ${jobs}`] = (await timeCells(number, jobs)).toFixed(1);
    cells.push(row);
  }
  return {
    text:
      `Training step of ${METHOD} against batch, length and layers. ${explainSteps(choices, effort)}\n\n${
        table(rows)
      }\n\n` +
      `deno task bench smoke --methods ${METHOD} --seeds N --jobs J, in seconds.\n\n${table(cells)}`,
    violations,
  };
}
