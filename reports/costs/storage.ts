/**
 * What has to be kept to use a method for several tasks.
 * @module
 */
import type { Run } from "../runs/run.ts";

/** Bytes of a backbone, in float32. */
export function backboneBytes({ model }: Run): number {
  return Float32Array.BYTES_PER_ELEMENT * model.parameters;
}

/** Bytes for a number of tasks: the backbone once and what each task adds; of a model trained in full, a model for each task. */
export function bytesForTasks(run: Run, tasks: number): number {
  const { method, storedBytes } = run.parameters;
  const isWholeModel = method >= run.model.parameters;
  return (isWholeModel ? 0 : backboneBytes(run)) + tasks * storedBytes;
}
