/**
 * What happens in a bench, and the file that it is written to.
 * @module
 */
import os from "node:os";
import type { Cell } from "../study/cell.ts";
import { methodName } from "../study/spec.ts";

/** What happens in a bench. */
export type BenchEvent =
  /** The first event of every bench: the number of all cells, of those that have a record already, and what they are. */
  | { type: "cells"; cells: number; recorded: number; all: readonly Cell[] }
  | { type: "start"; cell: Cell }
  /** The cell waits until so many bytes, its planned memory, fit beside that of the others. */
  | { type: "held"; cell: Cell; bytes: number }
  | { type: "step"; cell: Cell; step: number; steps: number; loss: number }
  /** A checkpoint of so many steps is written. */
  | { type: "saved"; cell: Cell; step: number }
  /** The cell goes on from a checkpoint, after so many steps. */
  | { type: "resumed"; cell: Cell; step: number }
  /** A checkpoint of the cell cannot be used or written: why, in a sentence. */
  | { type: "remark"; cell: Cell; text: string }
  /** `score` is that of the test examples; of a trial that of the validation examples, or null if it diverged. */
  | { type: "done"; cell: Cell; seconds: number; metric: string; score: number | null }
  | { type: "failed"; cell: Cell; reason: string }
  /** Another bench on the folder has recorded the cell. */
  | { type: "recorded"; cell: Cell }
  /** This bench has taken the cell back: another one goes on with it. */
  | { type: "lost"; cell: Cell }
  /** Nothing is left but so many cells that other benches on the folder are training. */
  | { type: "waiting"; cells: number };

/** A line of the file: the event, with a cell's id and parts in the place of the cell. */
function lineOf(event: BenchEvent, time: Date): string {
  const line = { time: time.toISOString(), host: os.hostname(), process: Deno.pid };
  if (event.type === "cells") {
    const { all: _, ...numbers } = event;
    return JSON.stringify({ ...line, ...numbers });
  }
  if (!("cell" in event)) return JSON.stringify({ ...line, ...event });
  const { cell: { id, spec }, type, ...rest } = event;
  const parts = { model: spec.model.name, task: spec.task.name, method: methodName(spec), seed: spec.seed };
  return JSON.stringify({ ...line, type, id, ...parts, ...rest });
}

/** A file of events. */
export interface EventsFile extends Disposable {
  /** Appends an event. */
  write: (event: BenchEvent) => void;
}

/**
 * Opens a file that events are appended to, a line of JSON each. Several benches may append to one file.
 * @param onFault called once, with a sentence, if a line cannot be written; no further line is
 * @throws {Error} if it cannot be opened
 */
export function openEvents(path: string, onFault: (message: string) => void): EventsFile {
  const sentence = (error: unknown) => `Cannot write events to ${path}: ${(error as Error).message}`;
  let file: Deno.FsFile | undefined;
  try {
    file = Deno.openSync(path, { append: true, create: true });
  } catch (error) {
    throw new Error(sentence(error));
  }
  const close = () => {
    file?.close();
    file = undefined;
  };
  return {
    write(event) {
      try {
        // In one call, so that lines of several benches do not mix.
        file?.writeSync(new TextEncoder().encode(`${lineOf(event, new Date())}\n`));
      } catch (error) {
        close();
        onFault(sentence(error));
      }
    },
    [Symbol.dispose]: close,
  };
}
