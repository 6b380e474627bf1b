/**
 * Records for tests that train cells themselves.
 * @module
 */
import type { RunRecord } from "../../../../runs/study/record.ts";
import { runId, settingId } from "../../../../runs/study/spec.ts";
import type { runCell } from "../../../../runs/training/run-cell.ts";
import { makeRecord } from "../../../reports/record-factory.ts";

/** The record of a run whose result is this, as a worker writes it. */
export function recordOf(
  spec: RunRecord["spec"],
  { planned, ...result }: Awaited<ReturnType<typeof runCell>>,
): RunRecord {
  const { environment, memory } = makeRecord();
  const ids = { version: 1, id: runId(spec), setting: settingId(spec), spec } as const;
  return { ...ids, ...result, memory: { ...memory, planned }, environment };
}
