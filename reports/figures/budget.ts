/**
 * What tuning brings: the expected best validation score by the number of trials.
 * @module
 */
import * as Plot from "@observablehq/plot";
import type { Protocol, Setting } from "../results.ts";
import { tunedSettings } from "../tuning-tables.ts";
import { expectedBest, meanExpectedBest, tunedRuns } from "../runs/trials.ts";
import { draw, type Figure, legend } from "./drawing.ts";
import {
  axisLabel,
  axisScore,
  bestOf,
  type MethodStyle,
  MOST_ROWS,
  rowNames,
  scoreInWords,
  showName,
  widthOf,
} from "./style.ts";

/** The figure of a protocol; none where nothing was tuned. */
export function drawBudget(protocol: Protocol, title: string, styles: ReadonlyMap<string, MethodStyle>): Figure[] {
  const all = tunedSettings(protocol);
  const settings = all.slice(0, MOST_ROWS);
  if (settings.length === 0) return [];
  const { metric } = settings[0];
  const names = rowNames(settings);
  const rows = settings.map((setting, at) => ({ setting, name: names[at], ...styles.get(setting.method)! }));
  const { points, seeds } = curvesOf(rows);
  const entries = rows.map(({ name, colour, symbol }) => ({ name, colour, symbol }));
  const most = Math.max(...points.map(({ trials }) => trials));
  const last = rows.map(({ setting, name }) =>
    `${name} ${scoreInWords(meanExpectedBest(setting, tunedRuns(setting)[0].tuning.trials.length)!, metric)}`
  );
  return [draw({
    kind: "budget",
    title: `Expected best validation ${showName(metric.name)} by the number of trials: ${title}`,
    caption:
      `Thick: the mean of the seeds; thin: each seed. The best of so many trials, drawn from those that were run.${
        bestOf(settings, all)
      }`,
    values: `With all trials: ${last.join(", ")}.`,
    plot: {
      height: Math.max(320, 60 + 20 * entries.length),
      marginLeft: 52,
      marginRight: 50 + widthOf(names),
      marginTop: 28,
      marginBottom: 46,
      x: {
        label: "trials",
        ticks: Math.min(most, 8),
        tickFormat: (trials: number) => Number.isInteger(trials) ? String(trials) : "",
        labelAnchor: "center",
        labelArrow: "none",
        insetLeft: 14,
        insetRight: 14,
      },
      y: { label: axisLabel(metric, "validation "), grid: true, nice: true, ticks: 6 },
      color: { type: "identity" },
      marks: [
        Plot.line(seeds, {
          x: "trials",
          y: "score",
          z: "line",
          stroke: "colour",
          strokeWidth: 0.8,
          strokeOpacity: 0.6,
        }),
        Plot.line(points, { x: "trials", y: "score", z: "name", stroke: "colour", strokeWidth: 2.4 }),
        ...rows.map(({ name, colour, symbol }) =>
          Plot.dot(points.filter((point) => point.name === name), {
            x: "trials",
            y: "score",
            symbol,
            fill: colour,
            r: 4,
          })
        ),
        ...legend(entries),
      ],
    },
  })];
}

/** The expected best score of each row by the number of trials: over its seeds, and of each seed. */
function curvesOf(rows: readonly (MethodStyle & { setting: Setting; name: string })[]) {
  // Rounded, so that equal scores are equal: their sums are not to the last bit, and an axis would show that.
  const shown = (score: number, { metric }: Setting) => Number(axisScore(score, metric).toFixed(6));
  const budgets = (count: number) => Array.from({ length: count }, (_, at) => at + 1);
  const points = rows.flatMap(({ setting, name, colour }) =>
    budgets(tunedRuns(setting)[0].tuning.trials.length).map((trials) => ({
      name,
      colour,
      trials,
      score: shown(meanExpectedBest(setting, trials)!, setting),
    }))
  );
  const seeds = rows.flatMap(({ setting, name, colour }) =>
    tunedRuns(setting).flatMap((run) =>
      budgets(run.tuning.trials.length).map((trials) => ({
        line: `${name} ${run.spec.seed}`,
        colour,
        trials,
        score: shown(expectedBest(run, trials), setting),
      }))
    )
  );
  return { points, seeds };
}
