/**
 * Requests to a measured process and its answers: lines on standard input and output.
 * @module
 */
import process from "node:process";
import { createInterface } from "node:readline/promises";

/** Answer to a request to train: what a round measured. */
export interface TrainingRound {
  /** Duration of each step; of Trainer, which does not report steps, of each epoch. */
  milliseconds: number[];
  /** Loss of each step's batch before the step; empty of Trainer. */
  losses: number[];
  /** Tokens of the texts of this round. */
  tokens: number;
  /** Positions computed for them, padding included and virtual tokens not. */
  positions: number;
  /** Greatest resident size so far, in bytes. */
  peak: number;
}

/** Lines of standard input. */
const requests = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/**
 * The next request. A request "ready" is answered with true at once and not returned. At the end of standard input the
 * process ends.
 */
export async function readRequest(): Promise<string> {
  for (;;) {
    const { done, value } = await requests.next();
    if (done) Deno.exit(0);
    if (value !== "ready") return value;
    answer(true);
  }
}

/** Answers a request. */
export function answer(value: unknown): void {
  console.log(JSON.stringify(value));
}

/** Greatest resident size of this process so far, in bytes. */
export function peakMemory(): number {
  return process.resourceUsage().maxRSS * 1024;
}
