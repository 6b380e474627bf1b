/**
 * The choice among the trials of a tuned cell, once they have ended.
 * @module
 */
import { readTrial } from "../../study/read-records.ts";
import { chooseTrial, type TrialRecord } from "../../study/tuning/trial-record.ts";
import type { TunedRecord } from "../../study/tuning/tuned-record.ts";
import { recordPath } from "../../study/write.ts";

/**
 * Reads the trials of a tuned cell and chooses one.
 * @param out results folder
 * @param trials ids of their runs, in their order
 * @param failures why trials have failed, by their ids
 * @throws {Error} if one has no record, or all diverged
 */
export async function readChoice(
  out: string,
  trials: readonly string[],
  failures: ReadonlyMap<string, string>,
): Promise<TunedRecord> {
  const records: TrialRecord[] = [];
  for (const [trial, id] of trials.entries()) {
    try {
      const reason = failures.get(id);
      if (reason !== undefined) throw new Error(reason);
      records.push(await readTrial(recordPath(out, id)));
    } catch (error) {
      throw new Error(
        `Cannot choose a trial: each of the ${trials.length} must have a record, trial ${trial} (${id}) has none: ` +
          (error as Error).message,
      );
    }
  }
  return chooseTrial(records);
}
