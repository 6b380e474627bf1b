/**
 * A training step next to PyTorch's and PEFT's.
 * @module
 */
import {
  BATCH_SIZE,
  type ComputeOptions,
  describeCompute,
  LENGTH,
  MINILM,
  type Repetitions,
  tolerance,
} from "../cases.ts";
import { alternate } from "../processes/alternate.ts";
import { arePeersInstalled, startPeft, startRoofline, startTraining } from "../processes/start.ts";
import { withFiles } from "../processes/with-files.ts";
import type { TrainingRound } from "../programs/requests.ts";
import type { RooflineRound } from "../programs/roofline.ts";
import { median } from "../../reports/statistics/basics.ts";
import { mebibytes, percent, type Report, type Row, spread, table } from "./report.ts";

const stepMedians = (rounds: readonly TrainingRound[]) => rounds.map(({ milliseconds }) => median(milliseconds));
const lossesOf = (rounds: readonly TrainingRound[]) => rounds.flatMap(({ losses }) => losses);

/**
 * The row of one method, alone or next to PEFT. A round to warm up comes first: its losses are compared, its times are
 * left out.
 */
export async function compareSteps(
  folder: string,
  method: string,
  batchSize: number,
  withPeft: boolean,
  compute: ComputeOptions,
  { rounds, steps }: Repetitions,
): Promise<{ row: Row; violations: string[] }> {
  const options = { ...compute, batchSize, epochs: (rounds + 1) * steps };
  const processes = [
    startRoofline(folder, method, options),
    startTraining(folder, method, options),
    ...withPeft ? [startPeft(folder, method, options)] : [],
  ];
  const [roofs, ours, theirs] = await alternate<TrainingRound & RooflineRound>(processes, rounds + 1, String(steps));
  const times = stepMedians(ours.slice(1));
  const shares = roofs.slice(1).map(({ operations, operationsPerSecond }, round) =>
    operations / operationsPerSecond / (times[round] / 1000)
  );
  const losses = lossesOf(ours);
  const row = {
    "ms": spread(times, 0),
    "MiB": mebibytes(ours.at(-1)!.peak),
    "of the roof": percent(median(shares)),
    "roof GFLOP/s": (median(roofs.slice(1).map(({ operationsPerSecond }) => operationsPerSecond)) / 1e9).toFixed(0),
  };
  if (!theirs) return { row: { ...row, "first loss": losses[0].toFixed(6) }, violations: [] };
  const theirTimes = stepMedians(theirs.slice(1));
  const differences = lossesOf(theirs).map((loss, step) => Math.abs(loss - losses[step]));
  const worst = Math.max(...differences);
  return {
    row: {
      ...row,
      "PEFT ms": spread(theirTimes, 0),
      "PEFT MiB": mebibytes(theirs.at(-1)!.peak),
      "speed ×": spread(theirTimes.map((time, round) => time / times[round]), 2),
      "memory ×": (ours.at(-1)!.peak / theirs.at(-1)!.peak).toFixed(2),
      "first loss differs by": differences[0].toExponential(0),
      "any by": worst.toExponential(0),
    },
    violations: worst <= tolerance(compute) ? [] : [
      `Cannot compare ${method}: losses must agree within ${tolerance(compute)}, the greatest difference is ` +
      worst.toExponential(1),
    ],
  };
}

/** What the columns of {@linkcode compareSteps} mean. */
export function explainSteps(compute: ComputeOptions, { rounds, steps }: Repetitions): string {
  return `${
    describeCompute(compute)
  }, AdamW included. Median (range) over ${rounds} rounds of ${steps} steps in turn; ` +
    "MiB: peak resident memory of each one's process. Of the roof: operations of the step's matrix products ÷ (time × " +
    "roof); the roof is the fastest of float32 products of 512 × 1536 × 1536 and 512 × 384 × 1536 on the same device and " +
    `threads, timed in every round. Losses of all steps must agree within ${tolerance(compute)}.`;
}

/** Measures a step of each method at MiniLM-L6 shape. */
export async function measureStep(
  methods: readonly string[],
  compute: ComputeOptions,
  repetitions: Repetitions,
): Promise<Report> {
  const withPeft = await arePeersInstalled();
  const rows: Row[] = [];
  const violations: string[] = [];
  await withFiles({ sizes: MINILM, methods, texts: { count: BATCH_SIZE, length: LENGTH } }, async (folder) => {
    for (const method of methods) {
      const compared = await compareSteps(folder, method, BATCH_SIZE, withPeft, compute, repetitions);
      rows.push({ method, ...compared.row });
      violations.push(...compared.violations);
    }
  });
  const heading = `Training step at MiniLM-L6 shape, batch ${BATCH_SIZE}, length ${LENGTH}. ${
    explainSteps(compute, repetitions)
  }`;
  return { text: `${heading}\n\n${table(rows)}`, violations };
}
