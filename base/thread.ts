/**
 * Work on input of others that may take time or memory without end: it is done on a thread, which is not waited for then.
 * @module
 */
import process from "node:process";
import { Worker } from "node:worker_threads";

/** What the work on a thread may take. */
export interface ThreadLimits {
  /** Seconds of the processor's time, the start of the thread included; the caller should compute nothing meanwhile. */
  seconds: number;
  /** Bytes of memory. */
  bytes: number;
}

/** What a thread posts, once. */
export type ThreadAnswer<T> = { result: T } | { error: string };

/** Milliseconds between two looks at the time and the memory of the process. */
const LOOK_EVERY = 50;

/** How many times as long a thread may take on a machine that others keep busy. */
const CROWDED = 6;

/**
 * Runs a program on a thread.
 * @param program module that posts a {@linkcode ThreadAnswer} to its `parentPort` for the one message that it gets. It listens on
 * afterwards: what a thread posts that ends by itself may be lost
 * @param input the message
 * @throws {Error} the end of a sentence: what the program posted as its error, or the limit that it went beyond
 */
export function onThread<T>(program: URL, input: unknown, { seconds, bytes }: ThreadLimits): Promise<T> {
  const mebibytes = bytes / 2 ** 20;
  // All memory is looked at, in the heap and in buffers. The limit of the heap, which keeps V8 from ending the whole process, is
  // higher: close to it V8 may collect garbage until the time is up. It comes to that where V8 gives the thread pages that the
  // process holds already, from threads before, so that the process does not grow.
  const worker = new Worker(program, { resourceLimits: { maxOldGenerationSizeMb: 2 * mebibytes } });
  const before = Deno.memoryUsage().rss;
  const begun = process.cpuUsage();
  const used = () => {
    const { user, system } = process.cpuUsage(begun);
    return (user + system) / 1e6;
  };
  const late = `it must be read within ${seconds} s, it takes longer`;
  const large = `it must be read within ${mebibytes} MiB of memory, it takes more`;
  return new Promise<T>((resolve, reject) => {
    const end = (settle: () => void) => {
      clearTimeout(timer);
      clearInterval(looks);
      // A thread ends when it returns from its loop or from native code, as Deno 2.9 does not stop it there: one that never returns takes
      // a core until the process ends, so a caller's process should end soon.
      worker.unref();
      worker.terminate();
      settle();
    };
    const fail = (rule: string) => end(() => reject(new Error(rule)));
    const timer = setTimeout(() => fail(late), seconds * CROWDED * 1000);
    const looks = setInterval(() => {
      if (used() > seconds) fail(late);
      else if (Deno.memoryUsage().rss - before > bytes) fail(large);
    }, LOOK_EVERY);
    worker.once("message", (answer: ThreadAnswer<T>) => {
      if ("error" in answer) fail(answer.error);
      else end(() => resolve(answer.result));
    });
    worker.once("error", (error: Error & { code?: string }) => {
      fail(error.code === "ERR_WORKER_OUT_OF_MEMORY" ? large : error.message);
    });
    worker.postMessage(input);
  });
}
