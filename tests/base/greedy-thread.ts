/** Stands for work on a thread: its message says what it does. */
import { parentPort } from "node:worker_threads";

const kept: unknown[] = [];
const work: Record<string, () => void> = {
  "answers": () => parentPort!.postMessage({ result: 42 }),
  "refuses": () => parentPort!.postMessage({ error: "it must be a tune" }),
  "goes on": () => {
    while (true);
  },
  "fills its heap": () => {
    while (true) kept.push(new Array(10_000).fill(0.5));
  },
  "takes buffers": () => {
    // Then it goes on: a thread is ended two seconds after it is told to end.
    while (true) if (kept.length < 512) kept.push(new Uint8Array(1 << 20).fill(1));
  },
};
parentPort!.on("message", (what: string) => work[what]());
