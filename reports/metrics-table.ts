/**
 * The table of all metrics of a protocol.
 * @module
 */
import { formatEstimate, MISSING } from "./format.ts";
import type { Protocol } from "./results.ts";
import { type CellStyle, type Column, columnTable, scoreTitle, type Table } from "./table.ts";
import type { Remark } from "./words.ts";

/** Title of the table. */
export const METRICS_TITLE = "All metrics";

/** The table, the first metric of the task first; null where there is no other. */
export function metricsTableOf({ settings }: Protocol, style: CellStyle): Table | null {
  const all = settings.flatMap(({ metric, secondary }) => [metric, ...secondary.map(({ metric }) => metric)]);
  const metrics = [...new Map(all.map((metric) => [metric.name, metric])).values()];
  if (metrics.length < 2) return null;
  return columnTable([
    ["method", ({ label }) => style.text(label)],
    ...metrics.map((metric): Column => [style.text(scoreTitle(metric)), (setting) => {
      const known = [setting, ...setting.secondary].find(({ metric: { name } }) => name === metric.name);
      return known ? formatEstimate(known.mean, known.estimate, metric.unit) : MISSING;
    }]),
  ], settings);
}

/** What a reader should know of the table. */
export function metricsRemarks({ settings }: Protocol): Remark[] {
  const metrics = settings.flatMap(({ metric, secondary }) => [metric, ...secondary.map(({ metric }) => metric)]);
  const remarks: Remark[] = [["Means over the seeds ± half a 95 % interval; the first metric chose the epochs"]];
  if (metrics.some(({ name }) => name === "perplexity")) {
    const [{ runs: [{ spec: { training: { outputLength } } }] }] = settings;
    remarks.push([
      `Perplexity: exp of the mean loss of a token of the references, each after its text; their end tokens count, and at most ${outputLength} ` +
      "tokens of each. It can be compared between models of one tokenizer only",
    ]);
  }
  return remarks;
}
