/**
 * Cells that are saved and interrupted on purpose.
 * @module
 */
import type { CellOptions } from "../../../../runs/training/cell-runner.ts";
import type { CellResult } from "../../../../runs/study/cell.ts";

/** The machine and the versions that a checkpoint belongs to. */
export const environment = {
  suite: { version: "1", commit: null, dirty: null, lockSha256: "0" },
  versions: { deno: "1" },
  arch: "x86_64",
  processor: "one",
};

/** What a saved cell said. */
export interface Said {
  saved: number[];
  resumed: number[];
  remarks: string[];
}

/**
 * Options of a cell that is saved.
 * @param stopAfter the step after which it must end
 * @param every seconds between two checkpoints; 0: after every step that takes 49 times as long as saving
 */
export function saving(
  { stopAfter, every = 3600, ...changes }: { stopAfter?: number; every?: number } & Partial<typeof environment> = {},
): { said: Said; options: Required<Pick<CellOptions, "onProgress" | "checkpoint">> } {
  const said: Said = { saved: [], resumed: [], remarks: [] };
  const stop = new AbortController();
  return {
    said,
    options: {
      onProgress: ({ step }) => step === stopAfter && stop.abort(),
      checkpoint: {
        every,
        started: "2026-11-29T10:00:00.000Z",
        environment: { ...environment, ...changes },
        stop: stop.signal,
        onSaved: (step) => said.saved.push(step),
        onResumed: (step) => said.resumed.push(step),
        onRemark: (text) => said.remarks.push(text),
      },
    },
  };
}

/** A result without what differs from run to run. */
export function decided({ time: _, ...rest }: CellResult): string {
  return JSON.stringify(rest);
}
