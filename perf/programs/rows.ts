/**
 * Describes, samples and reads the rows of a CSV file with the columns `text` and `label`, and prints what that took as a line of JSON.
 *
 *     deno run … perf/programs/rows.ts FILE
 * @module
 */
import process from "node:process";
import { openDescribed } from "../../tasks/described/described.ts";
import { dataOf } from "../../tasks/described/read.ts";
import { summarise } from "../../tasks/described/summary.ts";
import { describedTask } from "../../tasks/described/task.ts";
import { splitExamples } from "../../runs/training/split.ts";

/** What the rows of a file took. */
export interface RowCosts {
  /** Processor seconds of each part. */
  seconds: { start: number; read: number; summary: number; sample: number; texts: number };
  /** Greatest resident memory of the process, in bytes. */
  peakBytes: number;
}

let before = 0;

/** Processor seconds since the last call. */
function lap(): number {
  const { user, system } = process.cpuUsage();
  const now = (user + system) / 1e6;
  const seconds = now - before;
  before = now;
  return seconds;
}

const [path] = Deno.args;
const start = lap();
const { task, read } = await openDescribed({ data: path, columns: { text: "text", label: "label" } });
const readSeconds = lap();
summarise(read);
const summary = lap();
const splits = splitExamples(dataOf(read), { train: 1000, validation: 500, test: 1000 }, 0);
const sample = lap();
await describedTask(task, { pool: [path] }).readTexts!(Object.values(splits).flat());
const costs: RowCosts = {
  seconds: { start, read: readSeconds, summary, sample, texts: lap() },
  // The operating system counts KiB.
  peakBytes: process.resourceUsage().maxRSS * 1024,
};
console.log(JSON.stringify(costs));
