/**
 * Every seed's score as a dot, with the mean and its interval.
 * @module
 */
import * as Plot from "@observablehq/plot";
import type { Protocol } from "../results.ts";
import { draw, type Figure } from "./drawing.ts";
import {
  axisInterval,
  axisLabel,
  axisScore,
  bestOf,
  type MethodStyle,
  MOST_ROWS,
  ROW,
  rowNames,
  scoreInWords,
  showName,
  widthOf,
} from "./style.ts";

/** The figure of a protocol. */
export function drawSeeds(protocol: Protocol, title: string, styles: ReadonlyMap<string, MethodStyle>): Figure[] {
  const settings = protocol.settings.slice(0, MOST_ROWS);
  if (settings.length < 2) return [];
  const names = rowNames(settings);
  const { metric } = settings[0];
  const rows = settings.map((setting, index) => ({
    name: names[index],
    colour: styles.get(setting.method)!.colour,
    mean: axisScore(setting.mean, metric),
    low: axisInterval(setting)?.low,
    high: axisInterval(setting)?.high,
  }));
  const dots = settings.flatMap((setting, index) =>
    setting.scores.map((score) => ({ ...rows[index], score: axisScore(score, metric) }))
  );
  return [draw({
    kind: "seeds",
    title: `${showName(metric.name)} of every seed: ${title}`,
    caption: "A dot for each run. Upright line: the mean; band: its 95 % interval for new seeds and new examples." +
      bestOf(rows, protocol.settings),
    values: `Means: ${
      settings.map((setting, index) => `${names[index]} ${scoreInWords(setting.mean, metric)}`).join(", ")
    }.`,
    plot: {
      height: 74 + ROW * rows.length,
      marginLeft: 16 + widthOf(names),
      marginRight: 24,
      marginTop: 8,
      marginBottom: 46,
      x: { label: axisLabel(metric), grid: true, nice: true, labelAnchor: "center", labelArrow: "none" },
      y: { domain: names, label: null, tickSize: 0 },
      marks: [
        Plot.ruleY(rows.filter(({ low }) => low !== undefined), {
          y: "name",
          x1: "low",
          x2: "high",
          stroke: "colour",
          strokeOpacity: 0.35,
          strokeWidth: 7,
        }),
        Plot.tickX(rows, { y: "name", x: "mean", stroke: "colour", strokeWidth: 3, insetTop: 4, insetBottom: 4 }),
        Plot.dot(dots, { y: "name", x: "score", stroke: "currentColor", fill: "colour", r: 3.2, strokeWidth: 0.8 }),
      ],
      color: { type: "identity" },
    },
  })];
}
