/**
 * One cell from its spec to its result.
 * @module
 */
import type { CellResult, TrialResult } from "../study/cell.ts";
import type { RunSpec } from "../study/spec.ts";
import type { CellOptions } from "./cell-runner.ts";
import { finishCell, finishTrial } from "./finish.ts";
import { openCell, prepareCell } from "./prepare.ts";
import { trainCell, trainTrial } from "./train.ts";

/**
 * Trains and evaluates a cell, and writes its adapter into the results folder.
 * @throws {Error} if it cannot be trained or an integrity check fails
 */
export async function runCell(spec: RunSpec, options: CellOptions): Promise<CellResult> {
  const cell = await openCell(spec, options, options.threads);
  const prepared = await prepareCell(cell, options);
  const trained = await trainCell(prepared, options.onProgress);
  return await finishCell(prepared, trained, options);
}

/**
 * Trains a trial and scores it on the validation examples. That training diverges is a result, too.
 * @param spec says that it is one
 * @throws {Error} if it cannot be trained or an integrity check fails
 */
export async function runTrial(spec: RunSpec, options: CellOptions): Promise<TrialResult> {
  const cell = await openCell(spec, options, options.threads);
  const prepared = await prepareCell(cell, options);
  return await finishTrial(prepared, await trainTrial(prepared, options.onProgress));
}
