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
import type { TunedRecord } from "../study/tuning/tuned-record.ts";
import { readChoice } from "./tuning/choice.ts";

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

/** Has a claim tell how far its cell is. */
function note(claim: Claim, event: BenchEvent): void {
  if (event.type !== "held" && event.type !== "step") return;
  const { cell: _, ...rest } = event;
  claim.note(rest);
}

/** A tuned cell, and the number of its trials that it waits for. */
interface TunedCell {
  cell: Cell;
  left: number;
}

/** The cells of one bench and what became of them. */
class CellQueue {
  readonly outcomes: CellOutcomes = { recorded: 0, trained: 0, failures: [] };
  /** Cells that another bench had at the last look. */
  #elsewhere: Cell[] = [];
  #underWay = 0;
  #waiting = 0;
  /** Tuned cells that wait for trials, by the trials' ids. */
  readonly #dependents = new Map<string, TunedCell[]>();
  #unready = 0;

  readonly #pending: Cell[];

  constructor(
    cells: readonly Cell[],
    private readonly broken: ReadonlyMap<string, string>,
    private readonly failuresBefore: ReadonlyMap<string, number>,
    private readonly claims: Claims,
    private readonly context: BenchContext,
  ) {
    const queued = new Set(cells.map(({ id }) => id));
    const waits = ({ trials = [] }: Cell) => trials.some((id) => queued.has(id));
    this.#pending = cells.filter((cell) => !waits(cell));
    for (const cell of cells.filter(waits)) {
      const trials = new Set(cell.trials!.filter((id) => queued.has(id)));
      const waiting = { cell, left: trials.size };
      for (const id of trials) this.#dependents.set(id, [...this.#dependents.get(id) ?? [], waiting]);
      this.#unready++;
    }
  }

  /**
   * Runs one cell after the other until none is left that has neither record nor failure, or the bench is stopped. One that
   * does not wait leaves when others that live have all that is left.
   */
  async work(): Promise<void> {
    const { signal, onEvent } = this.context;
    while (!signal.aborted) {
      const cell = this.#pending.shift();
      if (cell) {
        await this.#settle(cell);
        continue;
      }
      const waiting = this.#elsewhere.length;
      // Trials under way may leave a tuned cell to train.
      const isLeft = waiting > 0 || this.#unready > 0;
      const waits = this.context.waits || !this.#elsewhere.every(({ id }) => this.claims.isAlive(id));
      if (!isLeft || !waits) return;
      if (this.#underWay === 0 && waiting !== this.#waiting) onEvent({ type: "waiting", cells: waiting });
      this.#waiting = waiting;
      await pause(LOOK_EVERY, signal);
      this.#pending.push(...this.#elsewhere.splice(0));
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
    const failure = await this.#train(cell, context, claim.lost, claim.files);
    if (!failure) {
      this.outcomes.trained++;
      this.#settled(cell);
    } else if (claim.lost.aborted && await exists(out)) {
      onEvent({ type: "lost", cell });
      this.#elsewhere.push(cell);
    } else if (!signal.aborted) {
      await writeFailure(out, cell, failure).then(
        (file) => this.#fail(cell, failure.reason, file),
        ({ message }) => this.#fail(cell, `${failure.reason}; ${message}`),
      );
    }
  }

  /** Trains a cell, with the best of its trials if it is tuned. @returns what went wrong */
  async #train(
    cell: Cell,
    context: BenchContext,
    signal: AbortSignal,
    files: readonly string[],
  ): Promise<{ reason: string; log: string } | undefined> {
    if (!cell.trials) return await trainCell(cell, undefined, context, signal, files);
    const failures = new Map(this.outcomes.failures.map(({ cell: { id }, reason }) => [id, reason]));
    let tuning: TunedRecord;
    try {
      tuning = await readChoice(context.out, cell.trials, failures);
    } catch (error) {
      return { reason: (error as Error).message, log: "" };
    }
    return await trainCell(cell, tuning, context, signal, files);
  }

  /** Nothing more comes of a cell: a tuned cell whose trials are all settled is next. */
  #settled({ id }: Cell): void {
    for (const waiting of this.#dependents.get(id) ?? []) {
      if (--waiting.left > 0) continue;
      this.#pending.unshift(waiting.cell);
      this.#unready--;
    }
  }

  #count(cell: Cell): void {
    this.outcomes.recorded++;
    this.#settled(cell);
    this.context.onEvent({ type: "recorded", cell });
  }

  #fail(cell: Cell, reason: string, file?: string): void {
    this.outcomes.failures.push({ cell, reason, ...file !== undefined && { file } });
    this.#settled(cell);
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
  const queue = new CellQueue(cells, broken, failuresBefore, claims, context);
  await Promise.all(Array.from({ length: Math.min(jobs, cells.length) }, () => queue.work()));
  return queue.outcomes;
}
