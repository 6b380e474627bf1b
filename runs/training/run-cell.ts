/**
 * One cell from its spec to its result.
 * @module
 */
import type { CellResult } from "../study/cell.ts";
import type { RunSpec } from "../study/spec.ts";
import type { CellOptions } from "./cell-runner.ts";
import { Checkpoints } from "./checkpoints/checkpoints.ts";
import { finishCell } from "./finish.ts";
import { openCell, prepareCell } from "./prepare.ts";
import { trainCell } from "./train.ts";

/**
 * Trains and evaluates a cell, and writes its adapter into the results folder.
 * @throws {Stopped} if it is told to end
 * @throws {Error} if it cannot be trained or an integrity check fails
 */
export async function runCell(spec: RunSpec, options: CellOptions): Promise<CellResult> {
  const cell = await openCell(spec, options, options.threads);
  const prepared = await prepareCell(cell, options);
  const checkpoints = options.checkpoint && new Checkpoints(prepared, options.out, options.checkpoint);
  const trained = await trainCell(
    prepared,
    options.onProgress,
    await checkpoints?.resume(),
    (progress) => checkpoints?.pass(progress) ?? Promise.resolve(),
  );
  return await finishCell(prepared, trained, options);
}
