/** Stands for work on a thread: its message says what it does. */
import { parentPort } from "node:worker_threads";

/** What to do, and a flag that ends what would go on. */
export interface Greed {
  what: string;
  /** Not 0: the test is over. Deno does not end a thread that never returns, which would take a core from all later tests. */
  over: Int32Array<SharedArrayBuffer>;
}

const kept: unknown[] = [];
const work: Record<string, (goesOn: () => boolean) => void> = {
  "answers": () => parentPort!.postMessage({ result: 42 }),
  "refuses": () => parentPort!.postMessage({ error: "it must be a tune" }),
  "goes on": (goesOn) => {
    while (goesOn());
  },
  "fills its heap": (goesOn) => {
    while (goesOn()) kept.push(new Array(10_000).fill(0.5));
  },
  "takes buffers": (goesOn) => {
    while (goesOn()) if (kept.length < 512) kept.push(new Uint8Array(1 << 20).fill(1));
  },
};
parentPort!.on("message", ({ what, over }: Greed) => work[what](() => Atomics.load(over, 0) === 0));
