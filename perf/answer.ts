/**
 * What the processes of a comparison answer.
 * @module
 */
import process from "node:process";
import { createInterface } from "node:readline/promises";

/** Answer to a number of epochs: training went on for so many. */
export interface Turn {
  /** Of each step; Trainer tells those of the epoch alone. */
  milliseconds: number[];
  /** Loss of each step's batch before the step; empty where the contestant does not tell. */
  losses: number[];
  /** Tokens of this turn's texts. */
  tokens: number;
  /** Positions computed for them, padding included and virtual tokens not. */
  positions: number;
  /** Greatest resident size so far, in bytes. */
  peak: number;
}

/** Lines of standard input. */
const orders = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** The next order but "ready", which is answered here; ends the process where nobody gives one. */
export async function readOrder(): Promise<string> {
  for (;;) {
    const { done, value } = await orders.next();
    if (done) Deno.exit(0);
    if (value !== "ready") return value;
    answer(true);
  }
}

/** Answers an order. */
export function answer(value: unknown): void {
  console.log(JSON.stringify(value));
}
