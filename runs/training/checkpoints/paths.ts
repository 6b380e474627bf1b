/**
 * Where checkpoints lie: `<out>/checkpoints/<id>.checkpoint`, as long as the run has no record.
 * @module
 */
import { exists } from "../../../base/files.ts";
import { sweepDrafts } from "../../../base/write-files.ts";

/** The path of a run's checkpoint. @param out the results folder */
export function checkpointPath(out: string, id: string): string {
  return `${out}/checkpoints/${id}.checkpoint`;
}

/** Where a checkpoint is put that cannot be used. */
export function setAsidePath(out: string, id: string): string {
  return `${checkpointPath(out, id)}.unusable`;
}

/** Removes what is left of a run's checkpoints once its record is written. */
export async function removeCheckpoints(out: string, id: string): Promise<void> {
  for (const path of [checkpointPath(out, id), setAsidePath(out, id)]) {
    await Deno.remove(path).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
}

/** Removes checkpoints of runs that have a record, as a worker may end between the two, and what ended workers were writing. */
export async function sweepCheckpoints(out: string, isRecorded: (id: string) => boolean): Promise<void> {
  const folder = `${out}/checkpoints`;
  if (!await exists(folder)) return;
  await sweepDrafts(folder);
  for (const { name } of await Array.fromAsync(Deno.readDir(folder))) {
    const { id } = /^(?<id>[0-9a-f]{16})\.checkpoint(\.unusable)?$/.exec(name)?.groups ?? {};
    if (id !== undefined && isRecorded(id)) await removeCheckpoints(out, id);
  }
}
