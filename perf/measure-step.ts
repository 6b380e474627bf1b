/**
 * A training step next to PyTorch's and PEFT's.
 * @module
 */
import { alternate, peersWork, peft, type Report, roof, tuneBench, withFiles } from "./comparison.ts";
import type { RoofTurn } from "./roof.ts";
import { BATCH_SIZE, type Choices, describeChoices, LENGTH, MINILM, tolerance } from "./cases.ts";
import { median, megabytes, percent, spread, table } from "./table.ts";
import type { Turn } from "./answer.ts";

/** How often is measured. */
export interface Effort {
  /** Turns of each contestant. */
  rounds: number;
  /** Steps of a turn. */
  steps: number;
}

const stepMedians = (turns: readonly Turn[]) => turns.map(({ milliseconds }) => median(milliseconds));

/** A row about one method: alone, or next to PEFT. A turn to warm up comes first and counts for the losses alone. */
export async function compareSteps(
  folder: string,
  method: string,
  batchSize: number,
  withPeft: boolean,
  choices: Choices,
  { rounds, steps }: Effort,
): Promise<{ row: Record<string, string>; violations: string[] }> {
  const job = { ...choices, batchSize, epochs: (rounds + 1) * steps };
  const contestants = [
    roof(folder, method, job),
    tuneBench(folder, method, job),
    ...withPeft ? [peft(folder, method, job)] : [],
  ];
  const [roofs, ours, theirs] = await alternate<Turn & RoofTurn>(contestants, rounds + 1, String(steps));
  const times = stepMedians(ours.slice(1));
  const shares = roofs.slice(1).map(({ operations, roof }, round) => operations / roof / (times[round] / 1000));
  const losses = ours.flatMap(({ losses }) => losses);
  const row = {
    "ms": spread(times, 0),
    "MB": megabytes(ours.at(-1)!.peak),
    "of the roof": percent(median(shares)),
    "roof GFLOP/s": (median(roofs.slice(1).map(({ roof }) => roof)) / 1e9).toFixed(0),
  };
  if (!theirs) return { row: { ...row, "first loss": losses[0].toFixed(6) }, violations: [] };
  const theirTimes = stepMedians(theirs.slice(1));
  const differences = theirs.flatMap(({ losses }) => losses).map((loss, step) => Math.abs(loss - losses[step]));
  const worst = Math.max(...differences);
  return {
    row: {
      ...row,
      "PEFT ms": spread(theirTimes, 0),
      "PEFT MB": megabytes(theirs.at(-1)!.peak),
      "speed ×": spread(theirTimes.map((time, round) => time / times[round]), 2),
      "memory ×": (ours.at(-1)!.peak / theirs.at(-1)!.peak).toFixed(2),
      "first loss differs by": differences[0].toExponential(0),
      "any by": worst.toExponential(0),
    },
    violations: worst <= tolerance(choices) ? [] : [
      `Cannot compare ${method}: losses must agree within ${tolerance(choices)}, the greatest difference is ` +
      worst.toExponential(1),
    ],
  };
}

/** What the columns of {@linkcode compareSteps} mean. */
export function explainSteps(choices: Choices, { rounds, steps }: Effort): string {
  return `${
    describeChoices(choices)
  }, AdamW included. Median (range) over ${rounds} rounds of ${steps} steps in turn; ` +
    "MB: peak resident memory of each one's process. Of the roof: operations of the step's matrix products ÷ (time × " +
    "roof); the roof is the fastest of float32 products of 512 × 1536 × 1536 and 512 × 384 × 1536 on the same device and " +
    `threads, timed in every round. Losses of all steps must agree within ${tolerance(choices)}.`;
}

/** Steps of these methods at MiniLM-L6 shape. */
export async function measureStep(methods: readonly string[], choices: Choices, effort: Effort): Promise<Report> {
  const withPeft = await peersWork();
  const rows: Record<string, string>[] = [];
  const violations: string[] = [];
  await withFiles({ sizes: MINILM, methods, texts: { count: BATCH_SIZE, length: LENGTH } }, async (folder) => {
    for (const method of methods) {
      const compared = await compareSteps(folder, method, BATCH_SIZE, withPeft, choices, effort);
      rows.push({ method, ...compared.row });
      violations.push(...compared.violations);
    }
  });
  const heading = `Training step at MiniLM-L6 shape, batch ${BATCH_SIZE}, length ${LENGTH}. ${
    explainSteps(choices, effort)
  }`;
  return { text: `${heading}\n\n${table(rows)}`, violations };
}
