/**
 * A clock for waiting on others.
 * @module
 */

/**
 * Counts the seconds in which this process ran. Time in which it, or the whole machine, was stopped does not count: after a
 * pause of an hour, nobody else has been silent for an hour.
 */
export class RunningClock implements Disposable {
  #seconds = 0;
  #last = performance.now();
  readonly #timer: ReturnType<typeof setInterval>;

  /**
   * Starts the clock.
   * @param tick seconds between two looks at the system's clock; of a longer time between two, twice as much counts
   */
  constructor(private readonly tick: number) {
    this.#timer = setInterval(() => this.seconds, 1000 * tick);
  }

  /** Seconds since the clock was made. */
  get seconds(): number {
    const now = performance.now();
    this.#seconds += Math.min((now - this.#last) / 1000, 2 * this.tick);
    this.#last = now;
    return this.#seconds;
  }

  /** Stops the clock. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
