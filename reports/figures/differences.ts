/**
 * Differences to the best with their intervals: a forest plot.
 * @module
 */
import * as Plot from "@observablehq/plot";
import { formatProbability } from "../format.ts";
import type { Protocol } from "../results.ts";
import { intervalOf } from "../statistics/estimate.ts";
import { differenceInWords } from "../words.ts";
import { draw, type Figure } from "./drawing.ts";
import { axisScore, bestOf, type MethodStyle, MOST_ROWS, ROW, rowNames, showName, widthOf } from "./style.ts";

/** The figure of a protocol; none where nothing is compared. */
export function drawDifferences(
  { settings, comparison }: Protocol,
  title: string,
  styles: ReadonlyMap<string, MethodStyle>,
): Figure[] {
  const leader = settings.find(({ id }) => id === comparison?.ranking[0]);
  const compared = settings.filter(({ difference }) => difference !== null).slice(0, MOST_ROWS);
  if (leader === undefined || compared.length === 0) return [];
  const { metric } = leader;
  const names = rowNames([leader, ...compared]);
  const rows = compared.map((setting, index) => {
    const { estimate, p } = setting.difference!;
    const { low, high } = intervalOf(estimate);
    return {
      name: names[index + 1],
      best: setting.best,
      style: styles.get(setting.method)!,
      mean: axisScore(estimate.mean, metric),
      low: axisScore(low, metric),
      high: axisScore(high, metric),
      words: differenceInWords(setting)!,
      p: p === null ? "" : formatProbability(p),
    };
  });
  const points = metric.unit === "fraction" ? " (percentage points)" : "";
  const hasP = rows.some(({ p }) => p !== "");
  return [draw({
    kind: "differences",
    title: `Differences to the best mean, ${names[0]}: ${title}`,
    caption:
      `Each mean less that of ${
        names[0]
      }, with its 95 % interval, paired by seed and example. Filled: not shown to be below ` +
      `the best (5 % over all comparisons).${
        hasP ? " p: of so large a difference between any two of the table if all were equal." : ""
      }${bestOf(rows, settings.filter(({ difference }) => difference !== null))}`,
    values: `${rows.map(({ name, words }) => `${name} ${words}`).join(", ")}.`,
    plot: {
      height: 80 + ROW * names.length,
      marginLeft: 16 + widthOf(names),
      marginRight: hasP ? 160 : 104,
      marginTop: 26,
      marginBottom: 46,
      x: {
        label: `${showName(metric.name)}, difference to ${names[0]}${points}`,
        grid: true,
        nice: true,
        labelAnchor: "center",
        labelArrow: "none",
      },
      y: { domain: names, label: null, tickSize: 0 },
      marks: [
        Plot.ruleX([0], { stroke: "currentColor", strokeOpacity: 0.6 }),
        Plot.ruleY(rows, { y: "name", x1: "low", x2: "high", stroke: (row) => row.style.colour, strokeWidth: 2 }),
        ...rows.map((row) =>
          Plot.dot([row], {
            y: "name",
            x: "mean",
            symbol: row.style.symbol,
            stroke: row.style.colour,
            strokeWidth: 2,
            fill: row.best ? row.style.colour : "none",
            r: 5,
          })
        ),
        Plot.dot([names[0]], {
          y: (name) => name,
          x: () => 0,
          symbol: styles.get(leader.method)!.symbol,
          fill: styles.get(leader.method)!.colour,
          r: 6,
        }),
        ...column(rows.map(({ name, words }) => [name, words]), "Δ ± 95 %", 90),
        ...(hasP ? column(rows.map(({ name, p }) => [name, p]), "p", 150) : []),
      ],
      color: { type: "identity" },
    },
  })];
}

/** Texts at the right of the rows, below a heading. */
function column(
  texts: readonly (readonly [name: string, text: string])[],
  heading: string,
  dx: number,
): Plot.Markish[] {
  const place = { frameAnchor: "right" as const, textAnchor: "end" as const, dx };
  return [
    Plot.text(texts, { ...place, y: ([name]) => name, text: ([, text]) => text, fontVariant: "tabular-nums" }),
    Plot.text([heading], { ...place, frameAnchor: "top-right", dy: -14, fontWeight: "bold" }),
  ];
}
