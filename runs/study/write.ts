/**
 * Writes the records of a results folder, each in one step: several commands may work on one folder.
 * @module
 */
import { writeJson } from "../../base/write-files.ts";
import type { CellResult } from "./cell.ts";
import { type Environment, type Measured, RECORD_VERSION, type RunRecord } from "./record.ts";
import { runId, type RunSpec, settingId } from "./spec.ts";

/** The path of a run's record. @param out the results folder */
export function recordPath(out: string, id: string): string {
  return `${out}/runs/${id}.json`;
}

/** Writes the record of a run. */
export async function writeRecord(
  out: string,
  spec: RunSpec,
  { planned, ...result }: CellResult,
  memory: { peak: Measured; training: Measured },
  environment: Environment,
): Promise<void> {
  const record: RunRecord = {
    version: RECORD_VERSION,
    id: runId(spec),
    setting: settingId(spec),
    spec,
    ...result,
    memory: { ...memory, planned },
    environment,
  };
  await writeJson(recordPath(out, record.id), record);
}
