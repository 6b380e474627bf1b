/**
 * Time and memory of a step by batch, length and layers, time of a study by its cells, and of planning and claiming cells.
 * @module
 */
import { cellsOf } from "../../runs/launch/cells.ts";
import { presets } from "../../runs/study/presets.ts";
import { readRecords } from "../../runs/study/read-records.ts";
import { Claims } from "../../runs/study/shared/claims.ts";
import { BATCH_SIZE, type ComputeOptions, LENGTH, MINILM, type Repetitions } from "../cases.ts";
import { runTask } from "../processes/run-task.ts";
import { arePeersInstalled } from "../processes/start.ts";
import { withFiles, withTemporaryFolder } from "../processes/with-files.ts";
import { type Report, type Row, table } from "./report.ts";
import { timeSeconds } from "./start.ts";
import { compareSteps, explainSteps } from "./step.ts";

const METHOD = "lora";
/** The sizes that are measured: the usual ones, and each of them changed alone. */
const DEFAULT_SIZES = { batch: BATCH_SIZE, length: LENGTH, layers: MINILM.layers };
const SIZES: (typeof DEFAULT_SIZES)[] = [
  DEFAULT_SIZES,
  ...[8, 128].map((batch) => ({ ...DEFAULT_SIZES, batch })),
  ...[16, 256].map((length) => ({ ...DEFAULT_SIZES, length })),
  ...[2, 12].map((layers) => ({ ...DEFAULT_SIZES, layers })),
];
/** Studies that are trained: a preset, and how many of its cells. */
const STUDIES = [["smoke", 1], ["smoke", 4], ["smoke", 8], ["quick", 4]] as const;
/** The most seconds that a cell's own process may take, and how much faster two processes must be than one with two threads. */
const LONGEST_START = 0.6, LEAST_GAIN = 1.25;
/** Cells of a study that is planned, and the most seconds that it may take. */
const PLANNED = 10_000, LONGEST_PLANNING = 2;
const RECORDS = [100, 10_000];
/** Claims that are measured, and the most milliseconds that one may take. */
const CLAIMS = 200, LONGEST_CLAIM = 5;

/** Seconds of a study of so many cells, and those of them in which no cell was compiled, trained or scored. */
function timeCells(preset: string, cells: number, jobs: number): Promise<{ seconds: number; outside: number }> {
  return withTemporaryFolder(async (folder) => {
    const flags = [
      ...["--tasks", presets[preset].study.tasks[0] as string, "--methods", METHOD, "--seeds", String(cells)],
      ...["--jobs", String(jobs), "--out", folder],
    ];
    const seconds = await timeSeconds(() => runTask("bench", [preset, ...flags]));
    const { records } = await readRecords(folder);
    const inside = records.map(({ time }) => time.trainSeconds + time.compileSeconds + time.evaluateSeconds);
    return { seconds, outside: seconds - inside.reduce((sum, each) => sum + each, 0) };
  });
}

/** Times studies with one process at a time and with two. */
async function measureStudies(violations: string[]): Promise<Row[]> {
  const rows: Row[] = [];
  const outside: number[] = [];
  for (const [preset, cells] of STUDIES) {
    const one = await timeCells(preset, cells, 1);
    const two = await timeCells(preset, cells, 2);
    const gain = one.seconds / two.seconds;
    rows.push({
      cells: `${cells} of ${preset}`,
      "s with --jobs 1": one.seconds.toFixed(1),
      "outside of training": one.outside.toFixed(1),
      "s with --jobs 2": two.seconds.toFixed(1),
      "times as fast": gain.toFixed(2),
    });
    if (preset === "smoke") outside.push(one.outside);
    else if (gain < LEAST_GAIN) {
      violations.push(`--jobs 2 is ${gain.toFixed(2)} times as fast, less than ${LEAST_GAIN}`);
    }
  }
  // What starts and ends the command itself is in both.
  const [[, few], [, many]] = [STUDIES[0], STUDIES[2]];
  const start = (outside[2] - outside[0]) / (many - few);
  if (start > LONGEST_START) {
    violations.push(`A cell's process takes ${start.toFixed(2)} s, more than ${LONGEST_START}`);
  }
  return rows;
}

/** Seconds in which the cells of a large study are planned. */
async function timePlanning(): Promise<number> {
  const { study } = presets.quick;
  const seeds = Array.from({ length: PLANNED / (study.tasks.length * study.methods.length) }, (_, seed) => seed);
  return await timeSeconds(() => cellsOf({ ...study, seeds }));
}

/** Milliseconds to claim a cell and to release it, in a results folder with so many records, each as long as a small one. */
function timeClaim(records: number): Promise<number> {
  return withTemporaryFolder(async (folder) => {
    await Deno.mkdir(`${folder}/runs`);
    const idOf = (n: number) => n.toString(16).padStart(16, "0");
    for (let n = 0; n < records; n++) await Deno.writeTextFile(`${folder}/runs/${idOf(n)}.json`, " ".repeat(10_000));
    using claims = new Claims(folder);
    const started = performance.now();
    for (let n = records; n < records + CLAIMS; n++) await (await claims.take(idOf(n)))!.release();
    return (performance.now() - started) / CLAIMS;
  });
}

/** Measures steps of several sizes, next to PEFT's, and studies of 1 to 8 cells. */
export async function measureScale(compute: ComputeOptions, repetitions: Repetitions): Promise<Report> {
  const withPeft = await arePeersInstalled();
  const rows: Row[] = [];
  const violations: string[] = [];
  for (const sizes of SIZES) {
    const { batch, length, layers } = sizes;
    const compared = await withFiles(
      { sizes: { ...MINILM, layers }, methods: [METHOD], texts: { count: batch, length } },
      (folder) => compareSteps(folder, METHOD, batch, withPeft, compute, repetitions),
    );
    const columns = Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, String(size)]));
    rows.push({ ...columns, ...compared.row });
    violations.push(...compared.violations);
  }
  const cells = await measureStudies(violations);
  const planning = await timePlanning();
  if (planning > LONGEST_PLANNING) {
    violations.push(`Planning takes ${planning.toFixed(1)} s, more than ${LONGEST_PLANNING}`);
  }
  const claims: Row[] = [];
  for (const records of RECORDS) {
    const milliseconds = await timeClaim(records);
    claims.push({ records: String(records), "ms for a claim": milliseconds.toFixed(2) });
    if (milliseconds > LONGEST_CLAIM) {
      violations.push(`A claim takes ${milliseconds.toFixed(2)} ms, more than ${LONGEST_CLAIM}`);
    }
  }
  return {
    text:
      `Training step of ${METHOD} against batch, length and layers. ${explainSteps(compute, repetitions)}\n\n${
        table(rows)
      }\n\n` +
      `Studies of ${METHOD} on one task, with their processes.\n\n${table(cells)}\n\n` +
      `Planning ${PLANNED} cells: ${planning.toFixed(2)} s.\n\n` +
      `Claiming and releasing a cell in a results folder.\n\n${table(claims)}`,
    violations,
  };
}
