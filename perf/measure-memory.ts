/**
 * Whether memory grows with the number of steps.
 * @module
 */
import { type Report, tuneBench, withFiles } from "./comparison.ts";
import { BATCH_SIZE, type Choices, describeChoices, LENGTH, MINILM } from "./cases.ts";
import { megabytes, table } from "./table.ts";
import type { OwnTurn } from "./train.ts";

/** Steps after which the resident size is read. */
const [EARLY, LATE] = [30, 300];

/** Resident memory of these methods early and late. */
export async function measureMemory(methods: readonly string[], choices: Choices): Promise<Report> {
  const rows: Record<string, string>[] = [];
  await withFiles({ sizes: MINILM, methods, texts: { count: BATCH_SIZE, length: LENGTH } }, async (folder) => {
    for (const method of methods) {
      const contestant = tuneBench(folder, method, { ...choices, batchSize: BATCH_SIZE, epochs: LATE });
      const early = (await contestant.ask<OwnTurn>(String(EARLY))).resident;
      const late = (await contestant.ask<OwnTurn>(String(LATE - EARLY))).resident;
      await contestant.end();
      rows.push({
        method,
        [`MB after ${EARLY} steps`]: megabytes(early),
        [`MB after ${LATE} steps`]: megabytes(late),
        "change": `${(100 * (late / early - 1)).toFixed(1)} %`,
      });
    }
  });
  const heading = `Resident memory at MiniLM-L6 shape, batch ${BATCH_SIZE}, length ${LENGTH}, ${
    describeChoices(choices)
  }.`;
  return { text: `${heading}\n\n${table(rows)}`, violations: [] };
}
