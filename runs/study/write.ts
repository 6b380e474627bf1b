/**
 * Writes the records of a results folder, each in one step: several commands may work on one folder.
 * @module
 */
import { writeJson } from "../../base/write-files.ts";
import type { MemoryPlan } from "../../engine/types.ts";
import type { CellResult, TrialResult } from "./cell.ts";
import { type Environment, type Measured, RECORD_VERSION, type RunRecord } from "./record.ts";
import { runId, type RunSpec, settingId } from "./spec.ts";
import type { TrialRecord } from "./tuning/trial-record.ts";
import type { TunedRecord } from "./tuning/tuned-record.ts";

/** The path of a run's record. @param out the results folder */
export function recordPath(out: string, id: string): string {
  return `${out}/runs/${id}.json`;
}

/** Where a run took place, and what memory it took. */
export interface Circumstances {
  /** In bytes. */
  memory: { peak: Measured; training: Measured };
  /** The machine and the versions. */
  environment: Environment;
}

/** Writes the record of a run. @param tuning how it was tuned, if it was */
export async function writeRecord(
  out: string,
  spec: RunSpec,
  result: CellResult,
  circumstances: Circumstances,
  tuning?: TunedRecord,
): Promise<void> {
  const record: RunRecord = { ...recordOf(spec, { ...tuning && { tuning }, ...result }, circumstances) };
  await writeJson(recordPath(out, record.id), record);
}

/** Writes the record of a trial. */
export async function writeTrial(
  out: string,
  spec: TrialRecord["spec"],
  result: TrialResult,
  circumstances: Circumstances,
): Promise<void> {
  const record: TrialRecord = recordOf(spec, result, circumstances);
  await writeJson(recordPath(out, record.id), record);
}

function recordOf<S extends RunSpec, R extends { planned: MemoryPlan }>(
  spec: S,
  { planned, ...result }: R,
  { memory, environment }: Circumstances,
) {
  return {
    version: RECORD_VERSION,
    id: runId(spec),
    setting: settingId(spec),
    spec,
    ...result,
    memory: { ...memory, planned },
    environment,
  } as const;
}
