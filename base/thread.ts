/**
 * Work on input of others that may take time or memory without end: it is done on a thread, which is not waited for then.
 * @module
 */
import process from "node:process";
import { Worker } from "node:worker_threads";

/** What the work on a thread may take. */
export interface ThreadLimits {
  /** Seconds of the processor's time for all answers, the start of the thread included; the caller should compute nothing while it waits. */
  seconds: number;
  /** Bytes of memory for an answer. */
  bytes: number;
}

/** What a thread posts for each message that it gets. */
export type ThreadAnswer<T> = { result: T } | { error: string };

/** Milliseconds between two looks at the time and the memory of the process. */
const LOOK_EVERY = 50;

/** How many times as long a thread may take on a machine that others keep busy. */
const CROWDED = 6;

function beyond({ bytes }: ThreadLimits): string {
  return `it must be read within ${bytes / 2 ** 20} MiB of memory, it takes more`;
}

/** A thread that answers one message after the other. */
export class Thread {
  readonly #worker: Worker;
  readonly #limits: ThreadLimits;
  /** Seconds that its answers took. */
  #used = 0;
  /** Takes what comes of the thread while an answer is waited for. */
  #take: (answer: ThreadAnswer<unknown>) => void = () => {};

  /**
   * Starts a program on a thread.
   * @param program module that posts a {@linkcode ThreadAnswer} to its `parentPort` for each message that it gets. It listens on
   * afterwards: what a thread posts that ends by itself may be lost
   * @param limits what it may take
   */
  constructor(program: URL, limits: ThreadLimits) {
    // All memory is looked at, in the heap and in buffers. The limit of the heap, which keeps V8 from ending the whole process, is
    // higher: close to it V8 may collect garbage until the time is up. It comes to that where V8 gives the thread pages that the
    // process holds already, from threads before, so that the process does not grow.
    this.#worker = new Worker(program, { resourceLimits: { maxOldGenerationSizeMb: 2 * limits.bytes / 2 ** 20 } });
    this.#worker.on("message", (answer) => this.#take(answer));
    this.#worker.on("error", ({ code, message }: Error & { code?: string }) => {
      this.#take({ error: code === "ERR_WORKER_OUT_OF_MEMORY" ? beyond(limits) : message });
    });
    this.#limits = limits;
  }

  /**
   * Waits for the answer to a message; the one before must have been answered.
   * @throws {Error} the end of a sentence: what the program posted as its error, or the limit that it went beyond. The thread must be ended then
   */
  ask<T>(input: unknown): Promise<T> {
    const { seconds, bytes } = this.#limits;
    const before = Deno.memoryUsage().rss;
    const begun = process.cpuUsage();
    const used = () => {
      const { user, system } = process.cpuUsage(begun);
      return this.#used + (user + system) / 1e6;
    };
    const late = `it must be read within ${seconds} s, it takes longer`;
    return new Promise<T>((resolve, reject) => {
      const end = (settle: () => void) => {
        clearTimeout(timer);
        clearInterval(looks);
        this.#take = () => {};
        this.#used = used();
        settle();
      };
      const fail = (rule: string) => end(() => reject(new Error(rule)));
      const timer = setTimeout(() => fail(late), (seconds - this.#used) * CROWDED * 1000);
      const looks = setInterval(() => {
        if (used() > seconds) fail(late);
        else if (Deno.memoryUsage().rss - before > bytes) fail(beyond(this.#limits));
      }, LOOK_EVERY);
      this.#take = (answer) => {
        if ("error" in answer) fail(answer.error);
        else end(() => resolve(answer.result as T));
      };
      this.#worker.postMessage(input);
    });
  }

  /**
   * Ends the thread. It ends when it returns from its loop or from native code, as Deno 2.9 does not stop it there: one that never
   * returns takes a core until the process ends, so a caller's process should end soon.
   */
  [Symbol.dispose](): void {
    this.#worker.unref();
    this.#worker.terminate();
  }
}
