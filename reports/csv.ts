/**
 * Results as comma-separated values. Scores are fractions; costs are in bytes and seconds. What was not measured is an
 * empty cell. A text that a spreadsheet would take for a formula gets a leading apostrophe.
 * @module
 */
import { stringify } from "csv-stringify/sync";
import { visible } from "../base/errors.ts";
import { methodName, settingId } from "../runs/study/record.ts";
import { type Cost, costs, meanCost } from "./costs.ts";
import { byKeys, type Results } from "./results.ts";

const costNames = Object.keys(costs) as Cost[];

/** results.csv: one row for each setting, scored by the task's first metric. */
export function renderResultsCsv({ protocols }: Results): string {
  const settings = protocols.flatMap(({ settings }) => settings)
    .sort(byKeys(({ model }) => model, ({ task }) => task, ({ method }) => method, ({ id }) => id));
  return toCsv(settings.map((setting) => ({
    model: setting.model,
    task: setting.task,
    method: setting.method,
    setting: setting.id,
    metric: setting.metric.name,
    n: setting.runs.length,
    mean: setting.mean,
    sd: setting.deviation,
    ci_low: setting.interval?.low,
    ci_high: setting.interval?.high,
    majority: setting.majority,
    ...Object.fromEntries(costNames.map((cost) => [cost, meanCost(setting.runs, cost)])),
    run_ids: setting.runs.map((run) => run.id).join(" "),
  })));
}

/** runs.csv: one row for each run, with every metric on the validation and the test set. */
export function renderRunsCsv({ runs }: Results): string {
  const metrics = [...new Set(runs.flatMap((run) => run.metrics.map(({ name }) => name)))].sort();
  const rows = runs.map((run) => ({
    id: run.id,
    model: run.spec.model.name,
    task: run.spec.task.name,
    method: methodName(run.spec),
    setting: settingId(run.spec),
    seed: run.spec.seed,
    ...Object.fromEntries(
      (["validation", "test"] as const).flatMap((split) =>
        metrics.map((metric) => [`${split}_${metric}`, run.scores[split][metric]])
      ),
    ),
    ...Object.fromEntries(costNames.map((cost) => [cost, costs[cost](run)])),
  }));
  return toCsv(
    rows.sort(
      byKeys(
        ({ model }) => model,
        ({ task }) => task,
        ({ method }) => method,
        ({ setting }) => setting,
        ({ seed }) => seed,
      ),
    ),
  );
}

type Row = Record<string, string | number | null | undefined>;

/** Rows under a header, which are the keys of the first row. */
function toCsv(rows: readonly Row[]): string {
  const cell = (value: Row[string]) => typeof value === "string" ? visible(value) : value;
  return stringify([Object.keys(rows[0]), ...rows.map((row) => Object.values(row).map(cell))], {
    escape_formulas: true,
  });
}
