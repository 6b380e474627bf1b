/**
 * Results as comma-separated values. Scores are fractions; costs are in bytes and seconds. What was not measured is an
 * empty cell. A text that a spreadsheet would take for a formula gets a leading apostrophe.
 * @module
 */
import { stringify } from "csv-stringify/sync";
import { visible } from "../../base/errors.ts";
import { methodName, settingId } from "../../runs/study/record.ts";
import { type Cost, costs, middleCost, sideBySide } from "../costs/costs.ts";
import { pscpOf } from "../costs/pscp.ts";
import { bytesForTasks } from "../costs/storage.ts";
import { byKeys } from "../by-keys.ts";
import type { Results } from "../results.ts";
import type { Interval } from "../statistics/basics.ts";
import { intervalOf, seedsFor } from "../statistics/estimate.ts";
import { optionsOfRun } from "../runs/run.ts";
import { chosenValues, edgesOf, trialValues, type TunedRun, valuesInWords } from "../runs/trials.ts";
import { axisInWords } from "../../base/search-space.ts";
import { failedSeeds, titleOf, validationScore } from "../words.ts";
import { templateOf, writtenPromptsOf } from "../written-prompts.ts";

const costNames = Object.keys(costs) as Cost[];

/** results.csv: one row for each setting, scored by the task's first metric, with the other metrics beside it. */
export function renderResultsCsv({ protocols }: Results): string {
  const settings = protocols.flatMap((protocol) => {
    const table = titleOf(protocol, protocols);
    return protocol.settings.map((setting) => ({ ...setting, table }));
  }).sort(byKeys(({ model }) => model, ({ task }) => task, ({ method }) => method, ({ id }) => id));
  const others = [...new Set(settings.flatMap(({ secondary }) => secondary.map(({ metric }) => metric.name)))].sort();
  return toCsv(settings.map((setting) => ({
    model: setting.model,
    task: setting.task,
    method: setting.method,
    options: setting.options.join("; "),
    setting: setting.id,
    table: setting.table,
    metric: setting.metric.name,
    n: setting.runs.length,
    mean: setting.mean,
    sd: setting.deviation,
    ci_low: setting.interval?.low,
    ci_high: setting.interval?.high,
    scores: setting.scores.map((score, index) => `${setting.runs[index].spec.seed}:${score}`).join(" "),
    failed_seeds: failedSeeds(setting).join(" "),
    best: setting.best ? 1 : 0,
    difference: setting.difference?.estimate.mean,
    ...intervalColumns("difference", setting.difference && intervalOf(setting.difference.estimate)),
    difference_p: setting.difference?.p,
    validation_mean: validationScore(setting),
    majority: setting.majority,
    ...Object.fromEntries(others.flatMap((name) => {
      const other = setting.secondary.find(({ metric }) => metric.name === name);
      return Object.entries({ [`${name}_mean`]: other?.mean, ...intervalColumns(name, other?.interval ?? null) });
    })),
    ...Object.fromEntries(costNames.map((cost) => [cost, middleCost(setting.runs, cost)])),
    stored_10_tasks_bytes: bytesForTasks(setting.runs[0], 10),
    pscp: pscpOf(setting),
    run_ids: setting.runs.map((run) => run.id).join(" "),
  })));
}

/** differences.csv: one row for each pair of settings that are compared, the better mean first. */
export function renderDifferencesCsv({ protocols }: Results): string {
  const rows = protocols.flatMap((protocol) => {
    const { settings, comparison } = protocol;
    if (comparison === null) return [];
    const table = titleOf(protocol, protocols);
    const byId = new Map(settings.map((setting) => [setting.id, setting]));
    return comparison.ranking.flatMap((first, rank) =>
      comparison.ranking.slice(rank + 1).map((second) => {
        const { estimate, p } = comparison.difference(first, second);
        const [a, b] = [byId.get(first)!, byId.get(second)!];
        const { low, high } = intervalOf(estimate);
        return {
          model: a.model,
          task: a.task,
          table,
          first: a.label,
          second: b.label,
          first_setting: a.id,
          second_setting: b.id,
          metric: a.metric.name,
          seeds: comparison.seeds.join(" "),
          difference: estimate.mean,
          ci_low: low,
          ci_high: high,
          p,
          seeds_for_one_point: seedsFor(0.01, estimate),
        };
      })
    );
  });
  return toCsv(rows, DIFFERENCE_COLUMNS);
}

/** Columns of differences.csv, which stand there also when nothing was compared. */
const DIFFERENCE_COLUMNS = [
  ...["model", "task", "table", "first", "second", "first_setting", "second_setting", "metric", "seeds"],
  ...["difference", "ci_low", "ci_high", "p", "seeds_for_one_point"],
];

function intervalColumns(name: string, interval: Interval | null): Record<string, number | undefined> {
  return { [`${name}_ci_low`]: interval?.low, [`${name}_ci_high`]: interval?.high };
}

/** trials.csv: one row for each trial, and one for each run that was not tuned. */
export function renderTrialsCsv(results: Results): string {
  return toCsv(trialRows(results));
}

/** The trials of all runs, one after the other; a run that was not tuned has one row, with 0 trials. */
function trialRows({ protocols }: Results): Row[] {
  return protocols.flatMap(({ settings }) =>
    settings.flatMap(({ model, task, method, id: setting, metric, runs }) =>
      runs.flatMap((run) => {
        const tuned = run.tuning === undefined
          ? [{ ...UNTUNED, values: optionsOfRun(run).join("; ") }]
          : rowsOf(run as TunedRun);
        const trials = run.tuning?.trials.length ?? 0;
        const common = { model, task, method, setting, seed: run.spec.seed, run: run.id, trials, metric: metric.name };
        return tuned.map((row) => ({ ...common, ...row }));
      })
    )
  );
}

/** What a run says of trials that had none. */
const UNTUNED = {
  trial: null,
  trial_run: null,
  chosen: null,
  validation: null,
  loss: null,
  values: "",
  at_edge: "",
  space: "",
};

function rowsOf(run: TunedRun): Row[] {
  const space = chosenValues(run).map(({ name, axis }) => `${name} ${axisInWords(axis)}`).join("; ");
  return run.tuning.trials.map(({ id, score, loss }, trial) => {
    const values = trialValues(run, trial);
    return {
      trial,
      trial_run: id,
      chosen: trial === run.tuning.trial ? 1 : 0,
      validation: score,
      loss,
      values: valuesInWords(values),
      at_edge: edgesOf(values).join(" "),
      space,
    };
  });
}

/** prompts.csv: one row for each method that trains nothing and was run with several templates; empty without any. */
export function renderPromptsCsv({ protocols }: Results): string {
  const rows = protocols.flatMap((protocol) =>
    writtenPromptsOf(protocol).map(({ label, settings, mean, deviation }) => {
      const ordered = settings.toSorted((a, b) => a.mean - b.mean);
      const [{ model, task, metric }, greatest] = [ordered[0], ordered.at(-1)!];
      return {
        ...{ model, task, method: label, table: titleOf(protocol, protocols), metric: metric.name },
        ...{ templates: settings.length, mean, sd: deviation },
        ...{ least: ordered[0].mean, least_template: templateOf(ordered[0]) },
        ...{ greatest: greatest.mean, greatest_template: templateOf(greatest) },
        settings: ordered.map(({ id }) => id).join(" "),
      };
    })
  );
  return rows.length === 0 ? "" : toCsv(rows);
}

/** runs.csv: one row for each run, with every metric on the validation and the test set. */
export function renderRunsCsv({ runs }: Results): string {
  const metrics = [...new Set(runs.flatMap((run) => run.metrics.map(({ name }) => name)))].sort();
  const beside = sideBySide(runs);
  const rows = runs.map((run) => ({
    id: run.id,
    model: run.spec.model.name,
    task: run.spec.task.name,
    method: methodName(run.spec),
    options: optionsOfRun(run).join("; "),
    setting: settingId(run.spec),
    seed: run.spec.seed,
    ...Object.fromEntries(
      (["validation", "test"] as const).flatMap((split) =>
        metrics.map((metric) => [`${split}_${metric}`, run.scores[split][metric]])
      ),
    ),
    ...Object.fromEntries(costNames.map((cost) => [cost, costs[cost](run)])),
    side_by_side: beside.has(run) ? 1 : 0,
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

/** Rows under a header. */
function toCsv(rows: readonly Row[], header = Object.keys(rows[0])): string {
  const cell = (value: Row[string]) => typeof value === "string" ? visible(value) : value;
  // Names of metrics stand in the header.
  return stringify([header, ...rows.map((row) => Object.values(row))].map((cells) => cells.map(cell)), {
    escape_formulas: true,
  });
}
