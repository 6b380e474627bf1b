/**
 * What happens in a bench.
 * @module
 */
import type { Cell } from "../study/cell.ts";

/** What happens in a bench. */
export type BenchEvent =
  /** The first event of every bench: the number of all cells, of those that have a record already, and what they are. */
  | { type: "cells"; cells: number; recorded: number; all: readonly Cell[] }
  | { type: "start"; cell: Cell }
  /** The cell waits until so many bytes, its planned memory, fit beside that of the others. */
  | { type: "held"; cell: Cell; bytes: number }
  | { type: "step"; cell: Cell; step: number; steps: number; loss: number }
  | { type: "done"; cell: Cell; seconds: number; metric: string; score: number }
  | { type: "failed"; cell: Cell; reason: string }
  /** Another bench on the folder has recorded the cell. */
  | { type: "recorded"; cell: Cell }
  /** This bench has taken the cell back: another one goes on with it. */
  | { type: "lost"; cell: Cell }
  /** Nothing is left but so many cells that other benches on the folder are training. */
  | { type: "waiting"; cells: number };
