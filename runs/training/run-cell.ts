/**
 * One cell from its spec to its result.
 * @module
 */
import type { CellResult, TrialResult } from "../study/cell.ts";
import { runId, type RunSpec } from "../study/spec.ts";
import type { CellOptions } from "./cell-runner.ts";
import { Checkpoints } from "./checkpoints/checkpoints.ts";
import { finishCell, finishTrial } from "./finish.ts";
import { isTrainable, openCell, prepareCell } from "./prepare.ts";
import { trainCell, type TrainingProgress, trainTrial } from "./train.ts";

/**
 * Trains and evaluates a cell, and writes its adapter into the results folder.
 * @throws {Stopped} if it is told to end
 * @throws {Error} if it cannot be trained or an integrity check fails
 */
export async function runCell(spec: RunSpec, options: CellOptions): Promise<CellResult> {
  const { prepared, progress, onPause } = await prepare(spec, options);
  return await finishCell(prepared, await trainCell(prepared, options.onProgress, progress, onPause), options);
}

/**
 * Trains a trial and scores it on the validation examples. That training diverges is a result, too.
 * @param spec says that it is one
 * @throws {Stopped} if it is told to end
 * @throws {Error} if it cannot be trained or an integrity check fails
 */
export async function runTrial(spec: RunSpec, options: CellOptions): Promise<TrialResult> {
  const { prepared, progress, onPause } = await prepare(spec, options);
  return await finishTrial(prepared, await trainTrial(prepared, options.onProgress, progress, onPause), options);
}

/** A cell that is ready for its next step: its first one, or that after a checkpoint. */
async function prepare(spec: RunSpec, options: CellOptions) {
  const prepared = await prepareCell(await openCell(spec, options, options.threads), options);
  const checkpoints = options.checkpoint && isTrainable(prepared) &&
    new Checkpoints(prepared, options.out, options.id ?? runId(spec), options.checkpoint);
  return {
    prepared,
    progress: checkpoints ? await checkpoints.resume() : undefined,
    onPause: (progress: TrainingProgress) => checkpoints ? checkpoints.pass(progress) : Promise.resolve(),
  };
}
