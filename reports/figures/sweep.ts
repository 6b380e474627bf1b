/**
 * Score against a number of which a method has several values: prompt length, rank, training examples.
 * @module
 */
import * as Plot from "@observablehq/plot";
import type { Overview } from "../overview.ts";
import type { Protocol, Setting } from "../results.ts";
import { draw, type Figure, legend } from "./drawing.ts";
import {
  axisInterval,
  axisLabel,
  axisScore,
  type MethodStyle,
  MOST_ROWS,
  scoreInWords,
  shortNumber,
  showName,
  widthOf,
} from "./style.ts";

/** Settings of a method that differ in nothing but one number. */
export interface Sweep {
  /** Name of the method. */
  method: string;
  /** Its name in the figure. */
  name: string;
  /** What the number is: "rank", "training examples". */
  option: string;
  /** The settings by the option's value, the smallest first. */
  points: { value: number; setting: Setting }[];
}

/** The sweeps of a protocol: the methods with at least two settings that differ in one numeric option alone. */
export function sweepsOf({ settings: all }: Protocol): Sweep[] {
  // What a tuned setting was trained with differs from seed to seed.
  const fixed = all.filter(({ runs: [{ spec }] }) => spec.tuning === undefined);
  return [...Map.groupBy(fixed, ({ method }) => method)].flatMap(([method, settings]): Sweep[] => {
    if (settings.length < 2) return [];
    const values = settings.map(optionValues);
    const names = [...new Set(values.flatMap((value) => [...value.keys()]))];
    const differing = names.filter((name) => values.some((value) => value.get(name) !== values[0].get(name)));
    if (differing.length !== 1) return [];
    const [option] = differing;
    const points = settings.map((setting, index) => ({ setting, value: Number(values[index].get(option)) }));
    if (!points.every(({ value }) => Number.isFinite(value))) return [];
    return [{ method, name: method, option, points: points.sort((a, b) => a.value - b.value) }];
  });
}

/** Values of a setting's options, as JSON, by name. */
function optionValues({ runs: [{ spec }] }: Setting): Map<string, string> {
  const { epochs, headLearningRate } = spec.training;
  const options = spec.method.flatMap(({ name, options }) =>
    Object.entries(options).map(([key, value]) => [spec.method.length > 1 ? `${name}.${key}` : key, value] as const)
  );
  return new Map([...options, ["epochs", epochs] as const, ["headLearningRate", headLearningRate] as const]
    .map(([key, value]) => [key, JSON.stringify(value) ?? "default"]));
}

/** The figures of a protocol, one for each option that is swept. */
export function drawSweeps(protocol: Protocol, title: string, styles: ReadonlyMap<string, MethodStyle>): Figure[] {
  const byOption = Map.groupBy(sweepsOf(protocol), ({ option }) => option);
  return [...byOption].map(([option, sweeps]) => drawSweep(option, sweeps, title, styles));
}

/** The figure of methods over numbers of training examples. */
export function drawSizes(
  { axis, columns, rows, title }: Overview,
  styles: ReadonlyMap<string, MethodStyle>,
): Figure[] {
  if (axis !== "size") return [];
  const option = "training examples";
  const sweeps = rows.slice(0, MOST_ROWS).map(({ label, settings }): Sweep => {
    const points = settings.map((setting, column) => ({ value: Number(columns[column]), setting }))
      .filter((point): point is Sweep["points"][number] => point.setting !== null);
    return { method: points[0].setting.method, name: label, option, points };
  });
  return [drawSweep(option, sweeps, title, styles)];
}

function drawSweep(
  option: string,
  sweeps: readonly Sweep[],
  title: string,
  styles: ReadonlyMap<string, MethodStyle>,
): Figure {
  const { metric } = sweeps[0].points[0].setting;
  const points = sweeps.flatMap(({ method, name, points }) =>
    points.map(({ value, setting }) => ({
      method,
      name,
      value,
      mean: axisScore(setting.mean, metric),
      low: axisInterval(setting)?.low,
      high: axisInterval(setting)?.high,
      setting,
    }))
  );
  const values = [...new Set(points.map(({ value }) => value))].sort((a, b) => a - b);
  const entries = sweeps.map(({ method, name }) => ({ name: showName(name), ...styles.get(method)! }));
  const colour = ({ method }: { method: string }) => styles.get(method)!.colour;
  const isLog = values[0] > 0 && values.at(-1)! >= 4 * values[0];
  return draw({
    kind: `score-by-${option.replace(/[^A-Za-z0-9]+/g, "-").slice(0, 40)}`,
    title: `${showName(metric.name)} against ${showName(option)}: ${title}`,
    caption: "A line for each method, with 95 % intervals.",
    values: `${
      points.map(({ name, value, setting }) =>
        `${showName(name)} ${shortNumber(value)}: ${scoreInWords(setting.mean, metric)}`
      ).join(", ")
    }.`,
    plot: {
      height: Math.max(320, 60 + 20 * entries.length),
      marginLeft: 52,
      marginRight: 50 + widthOf(entries.map(({ name }) => name)),
      marginTop: 28,
      marginBottom: 46,
      x: {
        type: isLog ? "log" : "linear",
        label: showName(option),
        ticks: values.length <= 10 ? values : 8,
        tickFormat: shortNumber,
        labelAnchor: "center",
        labelArrow: "none",
        insetLeft: 14,
        insetRight: 14,
      },
      y: { label: axisLabel(metric), grid: true, nice: true, ticks: 6 },
      color: { type: "identity" },
      marks: [
        Plot.ruleX(points.filter(({ low }) => low !== undefined), {
          x: "value",
          y1: "low",
          y2: "high",
          stroke: colour,
          strokeOpacity: 0.6,
        }),
        Plot.line(points, { x: "value", y: "mean", z: "name", stroke: colour, strokeWidth: 2 }),
        ...sweeps.map(({ method, name }) =>
          Plot.dot(points.filter((point) => point.name === name), {
            x: "value",
            y: "mean",
            symbol: styles.get(method)!.symbol,
            fill: styles.get(method)!.colour,
            r: 5,
          })
        ),
        ...legend(entries),
      ],
    },
  });
}
