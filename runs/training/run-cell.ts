/**
 * One cell from its spec to its result, or to an estimate of its cost.
 * @module
 */
import type { CellEstimate, CellResult, LocalPaths } from "../study/cell.ts";
import type { RunSpec } from "../study/spec.ts";
import type { CellOptions } from "./cell-runner.ts";
import { finishCell } from "./finish.ts";
import { planStepMemory } from "./plan-memory.ts";
import { countParameters, openCell, prepareCell } from "./prepare.ts";
import { trainCell } from "./train.ts";

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

/** Counts a cell's parameters and plans its memory, without training it. */
export async function estimateCell(spec: RunSpec, paths: LocalPaths = {}): Promise<CellEstimate> {
  const { device, trainingTask } = await openCell(spec, paths, 1);
  const { featureCache, loss, trainExamples } = trainingTask;
  const { program, signature } = featureCache?.program ?? loss;
  const executable = await device.compile(program, signature, {
    gradients: !featureCache,
    threads: 1,
    precision: spec.precision,
  });
  const planned = planStepMemory(executable, trainExamples, spec.training);
  await executable.release();
  return { parameters: countParameters(trainingTask), planned };
}
