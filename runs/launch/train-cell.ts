/**
 * Trains one cell in a worker process, and writes down why one has failed.
 * @module
 */
import { exists } from "../../base/files.ts";
import type { MemoryPlace, MemoryRoom } from "../training/plan-memory.ts";
import { writeWhole } from "../../base/write-files.ts";
import type { Cell } from "../study/cell.ts";
import type { Environment } from "../study/record.ts";
import type { TunedRecord } from "../study/tuning/tuned-record.ts";
import type { BenchEvent } from "./events.ts";
import { Supervisor, type WorkerLimits } from "./supervisor.ts";
import { runWorker } from "./worker-process.ts";

/** What the cells of a bench have in common. */
export interface BenchContext {
  /** Results folder. */
  out: string;
  /** Whether fully trained models are stored too. */
  keep: boolean;
  /** Seconds between two checkpoints of a cell; 0: there are none. */
  checkpoint: number;
  /** The machine and the versions. */
  environment: Omit<Environment, "started" | "device">;
  /** Program of the worker processes. */
  worker: URL;
  /** Whether this bench waits for the cells of others, until none is left. */
  waits: boolean;
  /** Most seconds that workers may take. */
  limits: WorkerLimits;
  /** The memory that they share. */
  room: MemoryRoom;
  /** Stops the bench: workers are told to end. */
  signal: AbortSignal;
  /** Called with everything that happens. */
  onEvent: (event: BenchEvent) => void;
}

/**
 * Trains a cell in a worker.
 * @param tuning the trial that a tuned cell trains with
 * @param signal kills the worker
 * @param files removed if this process is ended, once the worker has ended
 * @returns what went wrong, if it has no result
 */
export async function trainCell(
  cell: Cell,
  tuning: TunedRecord | undefined,
  { out, keep, checkpoint, environment, worker, limits, room, signal: stop, onEvent }: BenchContext,
  signal: AbortSignal,
  files: readonly string[],
): Promise<{ reason: string; log: string } | undefined> {
  const started = performance.now();
  let result: { metric: string; score: number | null } | undefined;
  onEvent({ type: "start", cell });
  let place: MemoryPlace | undefined;
  await using supervisor = new Supervisor(limits);
  const { reason = "the worker ended without a result", log } = await runWorker(
    { mode: "run", ...cell, ...tuning && { tuning }, out, keep, checkpoint, environment },
    worker,
    AbortSignal.any([signal, supervisor.end]),
    (message) => {
      supervisor.heard();
      switch (message.type) {
        case "step":
        case "saved":
        case "resumed":
        case "remark":
          onEvent({ ...message, cell });
          break;
        case "done":
          result = message;
      }
    },
    {
      files,
      stop,
      grace: limits.grace,
      onStart: (pid) => supervisor.watch(pid),
      async reserve(bytes) {
        place = room.take(bytes);
        if (!place.fits) onEvent({ type: "held", cell, bytes });
        supervisor.heard(true);
        await place.free;
        supervisor.heard();
      },
    },
  ).finally(() => place?.[Symbol.dispose]());
  if (!result) return { reason: supervisor.end.aborted ? supervisor.end.reason : reason, log };
  onEvent({ ...result, type: "done", cell, seconds: (performance.now() - started) / 1000 });
}

/** Bytes of the longest file on a failure that is read. */
export const LONGEST_FAILURE = 1 << 20;

/** The file of a cell's failure, by the number of the try. */
export function failurePath(out: string, id: string, n: number): string {
  return `${out}/failed/${id}.${n}.json`;
}

/**
 * Writes why a cell failed to a file of its own, under the first free number.
 * @returns its path
 * @throws {Error} if it cannot be written; no empty file is left
 */
export async function writeFailure(out: string, cell: Cell, failure: { reason: string; log: string }): Promise<string> {
  const text = `${JSON.stringify({ version: 1, ...cell, ...failure }, null, 2)}\n`;
  let n = 1;
  while (await exists(failurePath(out, cell.id, n))) n++;
  const path = failurePath(out, cell.id, n);
  await writeWhole(path, text);
  return path;
}
