/**
 * The planned memory of a training step, split into its parts.
 * @module
 */
import * as Plot from "@observablehq/plot";
import { type Cost, middleCost } from "../costs/costs.ts";
import type { Protocol } from "../results.ts";
import { draw, type Figure } from "./drawing.ts";
import { bestOf, MOST_ROWS, PART_COLOURS, ROW, rowNames, widthOf } from "./style.ts";

/** The parts, from the axis on. */
const PARTS: readonly (readonly [name: string, cost: Cost])[] = [
  ["weights", "planned_weights_bytes"],
  ["parameters", "planned_parameters_bytes"],
  ["gradients", "planned_gradients_bytes"],
  ["optimiser", "planned_optimiser_bytes"],
  ["activations", "planned_activations_bytes"],
  ["runtime", "planned_runtime_bytes"],
];

/** The figure of a protocol. */
export function drawMemory(protocol: Protocol, title: string): Figure[] {
  const settings = protocol.settings.slice(0, MOST_ROWS);
  if (settings.length < 2) return [];
  const names = rowNames(settings);
  const bars = settings.flatMap(({ runs }, index) =>
    PARTS.map(([part, cost]) => ({ name: names[index], part, size: middleCost(runs, cost)! / 2 ** 20 }))
  );
  const totals = names.map((name, index) => ({
    name,
    total: bars.slice(PARTS.length * index, PARTS.length * (index + 1)).reduce((sum, { size }) => sum + size, 0),
  }));
  return [draw({
    kind: "memory",
    title: `Planned memory of a training step: ${title}`,
    caption: `What a training step holds, computed from its program before it runs.${bestOf(names, protocol.settings)}`,
    values: `Parts: ${PARTS.map(([part]) => part).join(", ")}. Totals: ${
      totals.map(({ name, total }) => `${name} ${total.toFixed(0)} MiB`).join(", ")
    }.`,
    plot: {
      height: 92 + ROW * names.length,
      marginLeft: 16 + widthOf(names),
      marginRight: 64,
      marginTop: 34,
      marginBottom: 46,
      x: { label: "planned memory (MiB)", grid: true, labelAnchor: "center", labelArrow: "none" },
      y: { domain: names, label: null, tickSize: 0, padding: 0.25 },
      color: { domain: PARTS.map(([part]) => part), range: PART_COLOURS },
      marks: [
        Plot.barX(bars, {
          y: "name",
          x: "size",
          fill: "part",
          order: PARTS.map(([part]) => part),
          stroke: "currentColor",
          strokeWidth: 0.4,
        }),
        Plot.text(totals, {
          y: "name",
          x: "total",
          text: ({ total }) => total.toFixed(total < 10 ? 1 : 0),
          textAnchor: "start",
          dx: 6,
        }),
        ...PARTS.flatMap(([part], index) => {
          const place = { frameAnchor: "top-left" as const, dy: -20 };
          return [
            Plot.dot([0], {
              ...place,
              dx: 6 + 88 * index,
              symbol: "square",
              r: 6,
              fill: PART_COLOURS[index],
              stroke: "currentColor",
              strokeWidth: 0.4,
            }),
            Plot.text([part], { ...place, dx: 16 + 88 * index, textAnchor: "start", lineAnchor: "middle" }),
          ];
        }),
      ],
    },
  })];
}
