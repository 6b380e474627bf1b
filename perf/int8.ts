/**
 * How scores change with int8: runs in int8 are compared with the same runs in float32, seed by seed. Prints a Markdown
 * table.
 *
 *     deno task bench perf/int8.json --out results/int8
 *     deno task bench perf/int8.json --precision int8 --out results/int8
 *     deno run -A perf/int8.ts results/int8
 *
 * The arguments are results folders. Scores are the task's first metric on the test set.
 * @module
 */
import { markdownTable } from "markdown-table";
import { formatScore, MISSING } from "../reports/format.ts";
import { mean } from "../reports/statistics/basics.ts";
import { meanInterval } from "../reports/statistics/distributions.ts";
import { methodName, type RunRecord } from "../runs/study/record.ts";
import { readRecords } from "../runs/study/read-records.ts";
import { runId } from "../runs/study/spec.ts";

/** A run in int8 and the run that differs from it only in the precision. */
interface Pair {
  int8: RunRecord;
  float: RunRecord;
}

const ALL_TASKS = "all";

const records = (await Promise.all(Deno.args.map(readRecords))).flatMap((read) => read.records);
const floats = new Map(records.filter(({ spec }) => spec.precision === "float32").map((run) => [run.id, run]));
const pairs = records.filter(({ spec }) => spec.precision === "int8").flatMap((int8): Pair[] => {
  const float = floats.get(runId({ ...int8.spec, precision: "float32" }));
  return float ? [{ int8, float }] : [];
});
if (pairs.length === 0) throw new Error("Cannot compare: the folders must hold runs in int8 and the same in float32");

const score = ({ scores, metrics: [{ name }] }: RunRecord) => scores.test[name];

/** The row of these pairs, which are of one method. */
function rowOf(task: string, method: string, pairs: readonly Pair[]): string[] {
  const [{ float: { metrics: [{ unit }] } }] = pairs;
  const differences = pairs.map(({ int8, float }) => score(int8) - score(float));
  const interval = meanInterval(differences);
  const text = (value: number) => formatScore(value, unit);
  return [
    task,
    method,
    String(pairs.length),
    text(mean(pairs.map(({ float }) => score(float)))),
    text(mean(pairs.map(({ int8 }) => score(int8)))),
    text(mean(differences)),
    interval ? `${text(interval.low)} to ${text(interval.high)}` : MISSING,
  ];
}

/** A row for each method on each task. */
function rowsBy(taskOf: (pair: Pair) => string): string[][] {
  const groups = Map.groupBy(pairs, (pair) => JSON.stringify([taskOf(pair), methodName(pair.int8.spec)]));
  return [...groups].map(([key, pairs]) => rowOf(...JSON.parse(key) as [string, string], pairs))
    .sort((a, b) => (a.slice(0, 2).join() < b.slice(0, 2).join() ? -1 : 1));
}

const header = ["task", "method", "pairs", "float32", "int8", "difference", "95 % interval of the difference"];
console.log(markdownTable([header, ...rowsBy(({ int8 }) => int8.spec.task.name), ...rowsBy(() => ALL_TASKS)]));
