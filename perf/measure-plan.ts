/**
 * Planned memory next to what a process grows by.
 * @module
 */
import { type Report, tuneBench, withFiles } from "./comparison.ts";
import { BATCH_SIZE, type Choices, describeChoices, LENGTH, MINILM } from "./cases.ts";
import { megabytes, table } from "./table.ts";
import type { OwnTurn } from "./train.ts";

/** Steps after which the resident size is read. */
const STEPS = 10;

/** The planned split of these methods' memory, and the measured growth. */
export async function measurePlan(methods: readonly string[], choices: Choices): Promise<Report> {
  const rows: Record<string, string>[] = [];
  await withFiles({ sizes: MINILM, methods, texts: { count: BATCH_SIZE, length: LENGTH } }, async (folder) => {
    for (const method of methods) {
      const contestant = tuneBench(folder, method, { ...choices, batchSize: BATCH_SIZE, epochs: STEPS });
      const { resident, before, planned } = await contestant.ask<OwnTurn>(String(STEPS));
      await contestant.end();
      const growth = resident - before;
      const { total, ...split } = planned;
      rows.push({
        method,
        ...Object.fromEntries(Object.entries(split).map(([part, bytes]) => [part, megabytes(bytes)])),
        "planned": megabytes(total),
        "measured": megabytes(growth),
        "planned ÷ measured": (total / growth).toFixed(2),
      });
    }
  });
  const heading =
    `Memory of training at MiniLM-L6 shape, batch ${BATCH_SIZE}, length ${LENGTH}, ${
      describeChoices(choices)
    }, in MB. Measured: ` +
    `resident size after ${STEPS} steps less the resident size before start values were read and the program compiled, ` +
    "the libraries loaded and warmed up by a program of one addition.";
  return { text: `${heading}\n\n${table(rows)}`, violations: [] };
}
