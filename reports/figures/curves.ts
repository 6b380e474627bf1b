/**
 * Learning curves: the validation score after each epoch, a panel for each setting, with the spread of its seeds.
 * @module
 */
import * as Plot from "@observablehq/plot";
import type { Protocol, Setting } from "../results.ts";
import { mean } from "../statistics/basics.ts";
import { draw, type Figure } from "./drawing.ts";
import { axisLabel, axisScore, bestOf, type MethodStyle, rowNames, scoreInWords, showName, WIDTH } from "./style.ts";

/** Panels in a row. */
const COLUMNS = 4;

/** Most panels of a figure. */
const MOST_PANELS = 16;

interface Panel {
  setting: Setting;
  name: string;
  column: number;
  row: number;
  /** Mean, least and greatest score of the seeds; one whose training has ended keeps its last. */
  epochs: { epoch: number; mean: number; low: number; high: number }[];
}

/** The figure of a protocol; none where no setting trained for more than one epoch. */
export function drawCurves(protocol: Protocol, title: string, styles: ReadonlyMap<string, MethodStyle>): Figure[] {
  const settings = protocol.settings
    .filter(({ runs }) => runs.some(({ curve }) => curve.validation.length > 1)).slice(0, MOST_PANELS);
  if (settings.length < 2) return [];
  const { metric } = settings[0];
  const columns = Math.min(COLUMNS, settings.length);
  const names = rowNames(settings);
  const panels = settings.map((setting, index) => panelOf(setting, names[index], index, columns));
  const rows = Math.ceil(panels.length / columns);
  return [draw({
    kind: "curves",
    title: `Learning curves, ${showName(metric.name)} on the validation set: ${title}`,
    caption:
      "A panel for each setting. Thick: the mean of the seeds; thin: each seed; shaded: from the lowest to the highest. A seed whose " +
      "training has ended keeps its last score there." +
      bestOf(panels, protocol.settings),
    values: `Last epoch: ${
      panels.map(({ name, setting }) => `${name} ${scoreInWords(lastMean(setting), metric)}`).join(", ")
    }.`,
    plot: {
      width: WIDTH,
      height: 82 + 136 * rows,
      marginLeft: 52,
      marginRight: 10,
      marginTop: 44,
      marginBottom: 40,
      x: { label: "epoch", ticks: 4, tickFormat: (epoch: number) => Number.isInteger(epoch) ? String(epoch) : "" },
      y: { label: axisLabel(metric, "validation "), grid: true, nice: true, ticks: 4 },
      fx: { axis: null, padding: 0.1 },
      fy: { axis: null, padding: 0.2 },
      marks: marksOf(panels, metric, styles),
      color: { type: "identity" },
    },
  })];
}

/** Each panel's name, its seeds, their mean and their spread. */
function marksOf(
  panels: readonly Panel[],
  metric: Setting["metric"],
  styles: ReadonlyMap<string, MethodStyle>,
): Plot.Markish[] {
  const points = panels.flatMap((panel) =>
    panel.epochs.map((point) => ({
      ...point,
      column: panel.column,
      row: panel.row,
      name: panel.name,
      ...styles.get(panel.setting.method)!,
    }))
  );
  const seeds = panels.flatMap(({ setting, column, row, name }) =>
    setting.runs.flatMap(({ spec, curve }) =>
      curve.validation.map((scores, epoch) => ({
        column,
        row,
        line: `${name} ${spec.seed}`,
        epoch: epoch + 1,
        score: axisScore(scores[metric.name], metric),
        ...styles.get(setting.method)!,
      }))
    )
  );
  const facets = { fx: "column", fy: "row" } as const;
  const colour = (point: MethodStyle) => point.colour;
  return [
    Plot.frame({ stroke: "currentColor", strokeOpacity: 0.25 }),
    Plot.areaY(points, {
      ...facets,
      x: "epoch",
      y1: "low",
      y2: "high",
      z: "name",
      fill: colour,
      fillOpacity: 0.18,
    }),
    Plot.line(seeds, {
      ...facets,
      x: "epoch",
      y: "score",
      z: "line",
      stroke: colour,
      strokeWidth: 0.8,
      strokeOpacity: 0.7,
    }),
    Plot.line(points, { ...facets, x: "epoch", y: "mean", z: "name", stroke: colour, strokeWidth: 2.4 }),
    Plot.text(panels, {
      ...facets,
      text: ({ name }: Panel) => showName(name, 24),
      frameAnchor: "top-left",
      dy: -13,
      fontWeight: "bold",
    }),
  ];
}

function panelOf(setting: Setting, name: string, index: number, columns: number): Panel {
  const { runs, metric } = setting;
  const longest = Math.max(...runs.map(({ curve }) => curve.validation.length));
  const epochs = Array.from({ length: longest }, (_, epoch) => {
    const scores = runs.map(({ curve: { validation } }) =>
      axisScore((validation[epoch] ?? validation.at(-1)!)[metric.name], metric)
    );
    return { epoch: epoch + 1, mean: mean(scores), low: Math.min(...scores), high: Math.max(...scores) };
  });
  return { setting, name, column: index % columns, row: Math.floor(index / columns), epochs };
}

function lastMean({ runs, metric }: Setting): number {
  return mean(runs.flatMap(({ curve }) => curve.validation.slice(-1)).map((scores) => scores[metric.name]));
}
