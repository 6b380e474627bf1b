/**
 * The tables on tuning: how much of it each method got, and what more of it brings.
 * @module
 */
import { axisInWords } from "../base/search-space.ts";
import { formatScore, MISSING } from "./format.ts";
import type { Protocol, Setting } from "./results.ts";
import type { CellStyle, Table } from "./table.ts";
import type { Remark } from "./words.ts";
import { chosenValues, edgesOf, meanExpectedBest, tunedRuns, valuesInWords } from "./runs/trials.ts";

/** Whether a method of the table was tuned. */
export function isTuned({ settings }: Protocol): boolean {
  return settings.some((setting) => tunedRuns(setting).length > 0);
}

/** The ledger: of each method its trials, their space, what was chosen for each seed, and what of it lies at an edge. */
export function ledgerOf({ settings }: Protocol, style: CellStyle): Table {
  return {
    header: ["method", "trials", "space", "chosen, by seed", "at the edge"],
    rows: settings.map((setting) => {
      const cells = ledgerRow(setting);
      return [style.text(setting.label), ...cells.map((cell) => style.text(cell))];
    }),
    align: ["left", "right", "left", "left", "left"],
  };
}

function ledgerRow(setting: Setting): string[] {
  const runs = tunedRuns(setting);
  if (runs.length === 0) return ["not tuned", MISSING, MISSING, MISSING];
  const [{ tuning: { trials } }] = runs;
  const all = runs.flatMap(({ tuning }) => tuning.trials);
  const diverged = all.filter(({ score }) => score === null).length;
  const space = chosenValues(runs[0]).map(({ name, axis }) => `${name} ${axisInWords(axis)}`).join("; ");
  const chosen = runs.map((run) => `${run.spec.seed}: ${valuesInWords(chosenValues(run))} (trial ${run.tuning.trial})`)
    .join("; ");
  const edges = runs.flatMap((run) => edgesOf(chosenValues(run)).map((name) => ({ name, seed: run.spec.seed })));
  const atEdge = [...Map.groupBy(edges, ({ name }) => name)].map(([name, of]) =>
    `${name} (${of.length === 1 ? "seed" : "seeds"} ${of.map(({ seed }) => seed).join(", ")})`
  );
  return [
    `${trials.length}${diverged > 0 ? `, ${diverged} of ${all.length} diverged` : ""}`,
    space,
    chosen,
    atEdge.join("; ") || MISSING,
  ];
}

/** What a reader should know of the ledger. */
export const LEDGER_REMARKS: readonly Remark[] = [
  ["Each seed was tuned on its own training and validation examples; its test examples were scored once, with the chosen trial"],
  ["Trial 0 has the defaults, or what the study states; the others are the same points of the unit cube for all methods"],
  [
    "At the edge: the chosen value lies in the outer tenth of its range, at an end of its list, or beyond, so that better ones may lie " +
    "outside the space",
  ],
];

/** Numbers of trials that a budget is shown for: 1, 2, 4, … and all. */
function budgetsOf({ settings }: Protocol): number[] {
  const most = Math.max(...settings.flatMap(tunedRuns).map(({ tuning }) => tuning.trials.length));
  const budgets = Array.from({ length: Math.ceil(Math.log2(most)) }, (_, power) => 2 ** power);
  return [...budgets, most];
}

/** The expected best validation score by the number of trials, for each method that was tuned. */
export function budgetTableOf(protocol: Protocol, style: CellStyle): Table {
  const budgets = budgetsOf(protocol);
  const tuned = tunedSettings(protocol);
  return {
    header: ["method", ...budgets.map((trials) => trials === 1 ? "1 trial" : `best of ${trials}`)],
    rows: tuned.map((setting) => [
      style.text(setting.label),
      ...budgets.map((trials) => {
        const score = meanExpectedBest(setting, trials);
        return score === null ? MISSING : formatScore(score, setting.metric.unit);
      }),
    ]),
    align: ["left", ...budgets.map(() => "right" as const)],
  };
}

/** The settings of a protocol that were tuned. */
export function tunedSettings({ settings }: Protocol): Setting[] {
  return settings.filter((setting) => tunedRuns(setting).length > 0);
}

/** What a reader should know of the budget table. */
export const BUDGET_REMARKS: readonly Remark[] = [[
  "Expected best validation score of so many of the trials that were run, drawn without replacement (the unbiased estimate of " +
  "arXiv 2004.13705), mean over the seeds. It chose the trial, so it is no estimate for new texts; a trial that diverged counts as the worst score",
]];
