/**
 * Runs the cells of a bench that have no record yet, sharing them with other benches on the results folder.
 * @module
 */
import { exists, readObject } from "../../base/files.ts";
import type { Cell } from "../study/cell.ts";
import { recordPath } from "../study/write.ts";
import { type Claim, Claims } from "../study/shared/claims.ts";
import type { BenchEvent } from "./events.ts";
import { type BenchContext, failurePath, LONGEST_FAILURE, trainCell, writeFailure } from "./train-cell.ts";

/** A cell that could not be run. */
export interface CellFailure {
  /** The cell. */
  cell: Cell;
  /** The reason, in one sentence. */
  reason: string;
  /** The file that says more; absent where no worker was started, or where it could not be written. */
  file?: string;
}

/** What became of cells. */
export interface CellOutcomes {
  /** Cells that other benches have recorded meanwhile. */
  recorded: number;
  /** Cells trained now. */
  trained: number;
  /** Cells that could not be run. */
  failures: CellFailure[];
}

/** Seconds between two looks at the cells of other benches. */
const LOOK_EVERY = 1;

/** The number of files on failures that each cell has, by its id. */
export async function countFailures(out: string): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for await (const { name } of Deno.readDir(`${out}/failed`)) {
    const { id, n } = /^(?<id>[0-9a-f]+)\.(?<n>\d+)\.json$/.exec(name)?.groups ?? {};
    if (id !== undefined) counts.set(id, Math.max(counts.get(id) ?? 0, Number(n)));
  }
  return counts;
}

/** Waits; ends early if the bench is stopped. */
function pause(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, 1000 * seconds);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
  });
}

/** Has a claim tell what happened to its cell. */
function note(claim: Claim, event: BenchEvent): void {
  const { cell: _, ...rest } = { cell: undefined, ...event };
  claim.note(rest);
}

/** The cells of one bench and what became of them. */
class CellQueue {
  readonly outcomes: CellOutcomes = { recorded: 0, trained: 0, failures: [] };
  /** Cells that another bench had at the last look. */
  #elsewhere: Cell[] = [];
  #underWay = 0;
  #waiting = 0;

  constructor(
    private readonly pending: Cell[],
    private readonly broken: ReadonlyMap<string, string>,
    private readonly failuresBefore: ReadonlyMap<string, number>,
    private readonly claims: Claims,
    private readonly context: BenchContext,
  ) {}

  /**
   * Runs one cell after the other until none is left that has neither record nor failure, or the bench is stopped. One that
   * does not wait leaves when others that live have all that is left.
   */
  async work(): Promise<void> {
    const { signal, onEvent } = this.context;
    while (!signal.aborted) {
      const cell = this.pending.shift();
      if (cell) {
        await this.#settle(cell);
        continue;
      }
      const waiting = this.#elsewhere.length;
      if (waiting === 0 || !this.context.waits && this.#elsewhere.every(({ id }) => this.claims.isAlive(id))) return;
      if (this.#underWay === 0 && waiting !== this.#waiting) onEvent({ type: "waiting", cells: waiting });
      this.#waiting = waiting;
      await pause(LOOK_EVERY, signal);
      this.pending.push(...this.#elsewhere.splice(0));
    }
  }

  /** Trains a cell, or finds out what another bench has made of it. */
  async #settle(cell: Cell): Promise<void> {
    const path = recordPath(this.context.out, cell.id);
    const fault = this.broken.get(path);
    if (fault !== undefined) return this.#fail(cell, fault);
    if (await exists(path)) return this.#count(cell);
    let claim: Claim | undefined;
    try {
      claim = await this.claims.take(cell.id);
    } catch (error) {
      return this.#fail(
        cell,
        `Cannot claim the cell: the results folder must be writable, ${(error as Error).message}`,
      );
    }
    if (!claim) return void this.#elsewhere.push(cell);
    this.#underWay++;
    try {
      await this.#settleClaimed(cell, claim);
    } finally {
      this.#underWay--;
      await claim.release();
    }
  }

  async #settleClaimed(cell: Cell, claim: Claim): Promise<void> {
    const { out, signal, onEvent } = this.context;
    if (await exists(recordPath(out, cell.id))) return this.#count(cell);
    const failed = failurePath(out, cell.id, (this.failuresBefore.get(cell.id) ?? 0) + 1);
    if (await exists(failed)) {
      const { reason } = await readObject(failed, LONGEST_FAILURE);
      return this.#fail(cell, `${reason} (in another bench)`, failed);
    }
    const context = { ...this.context, onEvent: (event: BenchEvent) => (note(claim, event), onEvent(event)) };
    const failure = await trainCell(cell, context, claim.lost, claim.files);
    if (!failure) this.outcomes.trained++;
    else if (claim.lost.aborted && await exists(out)) {
      onEvent({ type: "lost", cell });
      this.#elsewhere.push(cell);
    } else if (!signal.aborted) {
      await writeFailure(out, cell, failure).then(
        (file) => this.#fail(cell, failure.reason, file),
        ({ message }) => this.#fail(cell, `${failure.reason}; ${message}`),
      );
    }
  }

  #count(cell: Cell): void {
    this.outcomes.recorded++;
    this.context.onEvent({ type: "recorded", cell });
  }

  #fail(cell: Cell, reason: string, file?: string): void {
    this.outcomes.failures.push({ cell, reason, ...file !== undefined && { file } });
    this.context.onEvent({ type: "failed", cell, reason });
  }
}

/**
 * Runs cells, several at a time, until each has a record or has failed: here, or in another bench on the same folder. Cells of
 * another bench are waited for, and taken over if that bench has ended.
 * @param broken why cells whose record cannot be read have no result, by the record's path
 * @param failuresBefore the number of failures that each cell had when this bench started; those that come later are not tried again
 * @param patience seconds that another bench may be silent
 */
export async function runCells(
  cells: readonly Cell[],
  broken: ReadonlyMap<string, string>,
  failuresBefore: ReadonlyMap<string, number>,
  jobs: number,
  patience: number | undefined,
  context: BenchContext,
): Promise<CellOutcomes> {
  using claims = new Claims(context.out, patience);
  await claims.sweep();
  const queue = new CellQueue([...cells], broken, failuresBefore, claims, context);
  await Promise.all(Array.from({ length: Math.min(jobs, cells.length) }, () => queue.work()));
  return queue.outcomes;
}
