/**
 * Planned memory next to the growth of a process.
 * @module
 */
import { BATCH_SIZE, type ComputeOptions, describeCompute, LENGTH, MINILM } from "../cases.ts";
import { askOnce } from "../processes/alternate.ts";
import { startTraining } from "../processes/start.ts";
import { withFiles } from "../processes/with-files.ts";
import type { MeasuredTrainingRound } from "../programs/train-classifier.ts";
import { mebibytes, type Report, type Row, table } from "./report.ts";

/** Steps after which the resident size is read. */
const STEPS = 10;

/** Compares the planned memory of training with each method, split by use, with the measured growth. */
export async function measurePlan(methods: readonly string[], compute: ComputeOptions): Promise<Report> {
  const rows: Row[] = [];
  await withFiles({ sizes: MINILM, methods, texts: { count: BATCH_SIZE, length: LENGTH } }, async (folder) => {
    for (const method of methods) {
      const process = startTraining(folder, method, { ...compute, batchSize: BATCH_SIZE, epochs: STEPS });
      const { resident, before, planned } = await askOnce<MeasuredTrainingRound>(process, String(STEPS));
      const growth = resident - before;
      const { total, ...split } = planned;
      rows.push({
        method,
        ...Object.fromEntries(Object.entries(split).map(([part, bytes]) => [part, mebibytes(bytes)])),
        "planned": mebibytes(total),
        "measured": mebibytes(growth),
        "planned ÷ measured": (total / growth).toFixed(2),
      });
    }
  });
  const heading =
    `Memory of training at MiniLM-L6 shape, batch ${BATCH_SIZE}, length ${LENGTH}, ${
      describeCompute(compute)
    }, in MiB. Measured: ` +
    `resident size after ${STEPS} steps less the resident size before start values were read and the program compiled, ` +
    "the libraries loaded and warmed up by a program of one addition.";
  return { text: `${heading}\n\n${table(rows)}`, violations: [] };
}
