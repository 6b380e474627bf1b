/**
 * The figures of a report.
 * @module
 */
import type { Protocol, Results } from "../results.ts";
import { overviewTitle, titleOf } from "../words.ts";
import { drawBudget } from "./budget.ts";
import { drawCurves } from "./curves.ts";
import { drawDifferences } from "./differences.ts";
import type { Figure } from "./drawing.ts";
import { drawMemory } from "./memory.ts";
import { drawRanks } from "./ranks.ts";
import { drawScoreByCost } from "./score-by-cost.ts";
import { drawSeeds } from "./seeds.ts";
import { type MethodStyle, methodStyles, showName } from "./style.ts";
import { drawSizes, drawSweeps } from "./sweep.ts";

/** Most tables that figures are drawn of, the ones with most runs: so that a report of a thousand tasks ends. */
export const MOST_TABLES = 12;

/** Draws what a protocol has data for. */
type Draw = (protocol: Protocol, title: string, styles: ReadonlyMap<string, MethodStyle>) => Figure[];

/** The figures of a protocol, in the order in which they are shown. */
const drawers: readonly Draw[] = [
  drawDifferences,
  drawSeeds,
  drawScoreByCost,
  drawSweeps,
  drawBudget,
  drawCurves,
  drawMemory,
];

/** A figure with the name of its file. */
export interface NamedFigure extends Figure {
  /** Name of the file, without `.svg`. */
  name: string;
}

/** The figures of a report. */
export interface Figures {
  /** Of each overview, in their order. */
  overviews: NamedFigure[][];
  /** Of each protocol, in their order; null where they were left out, as there are too many protocols. */
  protocols: (NamedFigure[] | null)[];
}

/** Draws all figures; the same results give the same bytes. */
export function drawFigures(results: Results): Figures {
  const styles = methodStyles(results);
  const { protocols, overviews } = results;
  const sizeOf = ({ settings }: Protocol) => settings.reduce((sum, { runs }) => sum + runs.length, 0);
  const largest = new Set(protocols.toSorted((a, b) => sizeOf(b) - sizeOf(a)).slice(0, MOST_TABLES));
  return {
    overviews: overviews.map((overview, index) =>
      nameFigures(
        [...drawRanks(overview, styles), ...drawSizes(overview, styles)],
        overviews.length > 1 ? `all-${index + 1}` : "all",
        overviewTitle(overview),
      )
    ),
    protocols: protocols.map((protocol, index) => {
      if (!largest.has(protocol)) return null;
      const title = showName(titleOf(protocol, protocols), 100);
      const figures = drawers.flatMap((draw) => draw(protocol, title, styles));
      return nameFigures(figures, protocols.length > 1 ? String(index + 1) : "", title);
    }),
  };
}

/** Names of files: the kind, after the table's number and title where there are several tables. */
function nameFigures(figures: readonly Figure[], prefix: string, title: string): NamedFigure[] {
  const words = prefix === ""
    ? ""
    : `${prefix}-${title.replace(/[^A-Za-z0-9]+/g, "-").slice(0, 60).replace(/^-|-$/g, "")}-`;
  return figures.map((figure) => ({ ...figure, name: `${words}${figure.kind}` }));
}
