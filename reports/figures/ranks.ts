/**
 * Mean ranks of methods over tasks, with Nemenyi's critical difference (Demšar, 2006).
 * @module
 */
import * as Plot from "@observablehq/plot";
import type { Overview } from "../overview.ts";
import { draw, type Figure } from "./drawing.ts";
import { bestOf, type MethodStyle, MOST_ROWS, ROW, rowNames, showName, widthOf } from "./style.ts";

/** Pixels from a bar to the next. */
const BAR = 14;

interface Row {
  name: string;
  rank: number;
  style: MethodStyle;
}

/** Names of neighbouring rows that are not told apart. */
interface Group {
  names: readonly string[];
  index: number;
}

/** The figure of methods over tasks; none where no two methods have all tasks. */
export function drawRanks(overview: Overview, styles: ReadonlyMap<string, MethodStyle>): Figure[] {
  const { axis, critical, columns } = overview;
  const ranked = overview.rows.filter(({ rank }) => rank !== null).sort((a, b) => a.rank! - b.rank!).slice(
    0,
    MOST_ROWS,
  );
  if (axis !== "task" || critical === null || ranked.length < 2) return [];
  const names = rowNames(ranked);
  const rows: Row[] = ranked.map(({ rank, settings }, index) => ({
    name: names[index],
    rank: rank!,
    style: styles.get(settings[0]!.method)!,
  }));
  const groups: Group[] = undistinguished(rows.map(({ rank }) => rank), critical).map(([first, last], index) => ({
    names: names.slice(first, last + 1),
    index,
  }));
  const domain = [1, Math.max(ranked.length, 1 + critical)];
  return [draw({
    kind: "ranks",
    title: `Mean ranks over ${columns.length} tasks: ${showName(overview.title)}`,
    caption:
      "1 is the best of every task. Methods that a bar at the right joins are not told from each other by Nemenyi's test (5 % " +
      `over all pairs).${bestOf(ranked, overview.rows.filter(({ rank }) => rank !== null))}`,
    values: `Critical difference ${critical.toFixed(2)}. ${
      rows.map(({ name, rank }) => `${name} ${rank.toFixed(2)}`).join(", ")
    }.`,
    plot: {
      height: 100 + ROW * rows.length,
      marginLeft: 16 + widthOf(names),
      marginRight: 70 + BAR * groups.length,
      marginTop: 44,
      marginBottom: 46,
      x: {
        label: "mean rank (1 is the best)",
        grid: true,
        domain,
        labelAnchor: "center",
        labelArrow: "none",
      },
      y: { domain: names, label: null, tickSize: 0 },
      marks: marksOf(rows, groups, critical, domain[1]),
    },
  })];
}

/** Each row's rank, the bars of those not told apart, and the critical difference as a length. */
function marksOf(
  rows: readonly Row[],
  groups: readonly Group[],
  critical: number,
  greatest: number,
): Plot.Markish[] {
  const bars = groups.flatMap(({ names, index }) => names.map((name) => ({ name, index })));
  return [
    Plot.ruleY(rows, { y: "name", x1: 1, x2: "rank", stroke: "currentColor", strokeOpacity: 0.3 }),
    ...rows.map((row) =>
      Plot.dot([row], { y: "name", x: "rank", symbol: row.style.symbol, fill: row.style.colour, r: 5.5 })
    ),
    Plot.text(rows, {
      y: "name",
      text: ({ rank }) => rank.toFixed(2),
      frameAnchor: "right",
      dx: 36,
      textAnchor: "end",
    }),
    ...groups.map(({ index }) =>
      Plot.tickX(bars.filter((entry) => entry.index === index), {
        y: "name",
        x: () => greatest,
        dx: 54 + BAR * index,
        stroke: "currentColor",
        strokeWidth: 5,
        // Ticks of neighbouring rows meet, so that they are one bar.
        insetTop: -1.5,
        insetBottom: -1.5,
      })
    ),
    Plot.ruleY([rows[0].name], {
      y: (name) => name,
      x1: 1,
      x2: 1 + critical,
      dy: -26,
      stroke: "currentColor",
      strokeWidth: 2,
    }),
    Plot.text([`critical difference ${critical.toFixed(2)}`], { frameAnchor: "top-left", dy: -30 }),
  ];
}

/** The longest runs of sorted ranks that differ by less than the critical difference: first and last index of each. */
export function undistinguished(ranks: readonly number[], critical: number): [first: number, last: number][] {
  const groups: [number, number][] = [];
  ranks.forEach((rank, first) => {
    const last = ranks.findLastIndex((other) => other - rank < critical);
    if (last > first && last > (groups.at(-1)?.[1] ?? -1)) groups.push([first, last]);
  });
  return groups;
}
