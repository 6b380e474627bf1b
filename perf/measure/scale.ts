/**
 * Time and memory of a step by batch, length and layers, time of a study by its cells, and of claiming a cell by the records of
 * the folder.
 * @module
 */
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
const CELLS = [1, 4, 8];
const JOBS = [1, 2];
const RECORDS = [100, 10_000];
/** Claims that are measured, and the most milliseconds that one may take. */
const CLAIMS = 200, LONGEST_CLAIM = 5;

/** Seconds of a study of so many small cells. */
function timeCells(cells: number, jobs: number): Promise<number> {
  return withTemporaryFolder((folder) => {
    const flags = ["--methods", METHOD, "--seeds", String(cells), "--jobs", String(jobs), "--out", folder];
    return timeSeconds(() => runTask("bench", ["smoke", ...flags]));
  });
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
  const cells: Row[] = [];
  for (const number of CELLS) {
    const row: Row = { cells: String(number) };
    for (const jobs of JOBS) row[`s with --jobs ${jobs}`] = (await timeCells(number, jobs)).toFixed(1);
    cells.push(row);
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
      `deno task bench smoke --methods ${METHOD} --seeds N --jobs J, in seconds.\n\n${table(cells)}\n\n` +
      `Claiming and releasing a cell in a results folder.\n\n${table(claims)}`,
    violations,
  };
}
