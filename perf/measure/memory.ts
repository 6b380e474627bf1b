/**
 * Whether memory grows with the number of steps.
 * @module
 */
import { BATCH_SIZE, type ComputeOptions, describeCompute, LENGTH, MINILM } from "../cases.ts";
import { startTraining } from "../processes/start.ts";
import { withFiles } from "../processes/with-files.ts";
import type { MeasuredTrainingRound } from "../programs/train-classifier.ts";
import { mebibytes, type Report, type Row, table } from "./report.ts";

/** Steps after which the resident size is read. */
const [EARLY, LATE] = [30, 300];

/** Measures the resident memory of training with each method, early and late. */
export async function measureMemory(methods: readonly string[], compute: ComputeOptions): Promise<Report> {
  const rows: Row[] = [];
  await withFiles({ sizes: MINILM, methods, texts: { count: BATCH_SIZE, length: LENGTH } }, async (folder) => {
    for (const method of methods) {
      const process = startTraining(folder, method, { ...compute, batchSize: BATCH_SIZE, epochs: LATE });
      const early = (await process.ask<MeasuredTrainingRound>(String(EARLY))).resident;
      const late = (await process.ask<MeasuredTrainingRound>(String(LATE - EARLY))).resident;
      await process.end();
      rows.push({
        method,
        [`MiB after ${EARLY} steps`]: mebibytes(early),
        [`MiB after ${LATE} steps`]: mebibytes(late),
        "change": `${(100 * (late / early - 1)).toFixed(1)} %`,
      });
    }
  });
  const heading = `Resident memory at MiniLM-L6 shape, batch ${BATCH_SIZE}, length ${LENGTH}, ${
    describeCompute(compute)
  }.`;
  return { text: `${heading}\n\n${table(rows)}`, violations: [] };
}
