/**
 * Score against a cost, with the Pareto front: the settings than which none is both better and cheaper.
 * @module
 */
import * as Plot from "@observablehq/plot";
import { type Cost, middleCost } from "../costs/costs.ts";
import type { Protocol, Setting } from "../results.ts";
import { draw, type Figure, legend } from "./drawing.ts";
import {
  axisInterval,
  axisLabel,
  axisScore,
  logTicks,
  type MethodStyle,
  scoreInWords,
  shortNumber,
  showName,
  widthOf,
} from "./style.ts";

/** A cost that scores are drawn against. */
interface Against {
  kind: string;
  cost: Cost;
  /** Title of the axis, with the unit. */
  label: string;
  words: string;
  /** Divisor of the values, for the unit. */
  unit: number;
}

const MEBIBYTE = 2 ** 20;

/** The costs, by the figure's kind. */
const AGAINST: readonly Against[] = [
  {
    kind: "score-by-parameters",
    cost: "trainable_params",
    label: "trained parameters",
    words: "trained parameters",
    unit: 1,
  },
  {
    kind: "score-by-memory",
    cost: "planned_memory_bytes",
    label: "planned memory of a training step (MiB)",
    words: "planned memory",
    unit: MEBIBYTE,
  },
];

interface Point {
  setting: Setting;
  x: number;
  y: number;
}

/** The figures of a protocol: one for each cost; none where fewer than two settings have it. */
export function drawScoreByCost(
  { settings }: Protocol,
  title: string,
  styles: ReadonlyMap<string, MethodStyle>,
): Figure[] {
  return AGAINST.flatMap((against) => {
    const points = settings.flatMap((setting): Point[] => {
      const cost = middleCost(setting.runs, against.cost);
      return cost === null || cost <= 0
        ? []
        : [{ setting, x: cost / against.unit, y: axisScore(setting.mean, setting.metric) }];
    });
    return points.length < 2 ? [] : [drawOne(against, points, title, styles)];
  });
}

/** The points than which none is both better and cheaper, the cheapest first. */
export function paretoFront<T extends { x: number; y: number }>(
  points: readonly T[],
  direction: "higher" | "lower",
): T[] {
  const sign = direction === "higher" ? 1 : -1;
  const front: T[] = [];
  for (const point of points.toSorted((a, b) => a.x - b.x || sign * (b.y - a.y))) {
    if (front.length === 0 || sign * (point.y - front.at(-1)!.y) > 0) front.push(point);
  }
  return front;
}

function drawOne(
  { kind, label, words }: Against,
  points: readonly Point[],
  title: string,
  styles: ReadonlyMap<string, MethodStyle>,
): Figure {
  const { metric } = points[0].setting;
  const front = paretoFront(points, metric.direction);
  const methods = [...new Set(points.map(({ setting }) => setting.method))];
  const entries = methods.map((method) => ({ name: showName(method), ...styles.get(method)! }));
  const isWide = Math.max(...points.map(({ x }) => x)) > 20 * Math.min(...points.map(({ x }) => x));
  return draw({
    kind,
    title: `${showName(metric.name)} against ${words}: ${title}`,
    caption:
      "A symbol for each setting, with its 95 % interval. Filled: not shown to be below the best. The line joins the settings " +
      "than which none is both better and cheaper.",
    values: `On the line: ${
      front.map(({ setting }) => `${showName(setting.label)} ${scoreInWords(setting.mean, metric)}`).join(", ")
    }.`,
    plot: {
      height: Math.max(340, 60 + 20 * entries.length),
      marginRight: 50 + widthOf(entries.map(({ name }) => name)),
      marginLeft: 52,
      marginTop: 28,
      marginBottom: 46,
      x: isWide
        ? {
          type: "log",
          label,
          ticks: logTicks(points.map(({ x }) => x)),
          tickFormat: shortNumber,
          grid: true,
          insetLeft: 12,
          insetRight: 12,
        }
        : { label, tickFormat: shortNumber, grid: true, insetLeft: 12, insetRight: 12, ticks: 6 },
      y: { label: axisLabel(metric), grid: true, nice: true, ticks: 6 },
      symbol: { range: ["circle"] },
      marks: [
        Plot.line(front, {
          x: "x",
          y: "y",
          stroke: "currentColor",
          strokeOpacity: 0.6,
          strokeDasharray: "4,3",
          curve: "step-after",
        }),
        Plot.ruleX(points.filter(({ setting }) => setting.interval !== null), {
          x: "x",
          y1: ({ setting }: Point) => axisInterval(setting)!.low,
          y2: ({ setting }: Point) => axisInterval(setting)!.high,
          stroke: ({ setting }: Point) => styles.get(setting.method)!.colour,
          strokeOpacity: 0.7,
        }),
        // The best last, so that it lies on top.
        ...points.toReversed().map(({ setting, x, y }) => {
          const { colour, symbol } = styles.get(setting.method)!;
          const fill = setting.best ? colour : "none";
          return Plot.dot([{ x, y }], { x: "x", y: "y", symbol, r: 5.5, stroke: colour, strokeWidth: 2, fill });
        }),
        ...legend(entries),
      ],
    },
  });
}
