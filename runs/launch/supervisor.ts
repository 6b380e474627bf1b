/**
 * Ends a worker that takes too long, or that does nothing.
 * @module
 */
import { processorSeconds } from "../../base/processes.ts";
import { RunningClock } from "../../base/running-clock.ts";

/** Seconds that a worker may do nothing. */
const STALL = 120;

/** Seconds between two looks at a worker. */
const LOOK_EVERY = 1;

/** Less of the time than this, spent on a processor, is nothing: a runtime that waits wakes up now and then. */
const IDLE = 0.01;

/** Most seconds that workers may take. */
export interface WorkerLimits {
  /** For a whole cell; no limit where it is left out. */
  cellTimeout?: number;
  /** Without a message and without time on a processor: stopped, or waiting for what never comes. Default: 120. */
  stall?: number;
  /** To end by itself once it is told to. Default: 10. */
  grace?: number;
}

/** Watches one worker. Time in which this process was stopped itself does not count. */
export class Supervisor implements AsyncDisposable {
  readonly #clock = new RunningClock(LOOK_EVERY);
  readonly #end = new AbortController();
  readonly #stall: number;
  #timer?: ReturnType<typeof setTimeout>;
  #looking: Promise<void> = Promise.resolve();
  /** When the worker last did something, and its processor seconds then. */
  #active = { at: 0, processor: 0 };
  /** Since when the worker waits for this process; and seconds that it has done so before. */
  #waitsSince?: number;
  #waited = 0;

  /** Watches nothing yet. */
  constructor(private readonly limits: WorkerLimits) {
    this.#stall = limits.stall ?? STALL;
  }

  /** Aborted when the worker must end; its reason is a sentence. */
  get end(): AbortSignal {
    return this.#end.signal;
  }

  /** Starts to watch. @param pid the worker's process */
  watch(pid: number): void {
    const look = async () => {
      await this.#look(pid);
      if (!this.end.aborted && this.#timer !== undefined) this.#timer = setTimeout(again, 1000 * LOOK_EVERY);
    };
    const again = () => void (this.#looking = look());
    this.#timer = setTimeout(again, 1000 * LOOK_EVERY);
  }

  /** The worker has said something. @param waits whether it now waits for this process, which is no idleness */
  heard(waits = false): void {
    const now = this.#clock.seconds;
    this.#active.at = now;
    this.#waited += now - (this.#waitsSince ?? now);
    this.#waitsSince = waits ? now : undefined;
  }

  /** Ends the watch. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#looking;
    this.#clock[Symbol.dispose]();
  }

  async #look(pid: number): Promise<void> {
    const processor = await processorSeconds(pid);
    const now = this.#clock.seconds;
    const { cellTimeout = Infinity } = this.limits;
    if (this.#waitsSince !== undefined) return;
    if (now - this.#waited > cellTimeout) {
      this.#end.abort(`Cannot finish the cell: it must take at most ${cellTimeout} s, it takes longer`);
    }
    const { at } = this.#active;
    if (processor === undefined || processor - this.#active.processor > IDLE * (now - at)) {
      this.#active = { at: now, processor: processor ?? 0 };
    } else if (now - at > this.#stall) {
      this.#end.abort(
        `Cannot finish the cell: its worker must go on within ${this.#stall} s, ` +
          "it has said nothing and used no processor for longer",
      );
    }
  }
}
