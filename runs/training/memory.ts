/**
 * Resident memory of this process.
 *
 * On Linux the peak resident size of a process starts at its parent's peak, not at zero. The figure therefore belongs
 * to the process only once it has grown beyond that start. Import this module first: it reads the start.
 * @module
 */
import process from "node:process";
import type { Measured } from "../study/record.ts";

/** Peak resident size so far, in bytes; the operating system counts KiB. */
const peakNow = () => process.resourceUsage().maxRSS * 1024;
const residentNow = () => Deno.memoryUsage().rss;

const start = { peak: peakNow(), resident: residentNow() };
let beforeTraining: typeof start | undefined;

/** Notes the present memory: to be called when the weights are loaded and before the training program is compiled. */
export function markBeforeTraining(): void {
  beforeTraining = { peak: peakNow(), resident: residentNow() };
}

/** Peak of the process, and the peak less the resident size at {@linkcode markBeforeTraining}, both in bytes. */
export function memoryFigures(): { peak: Measured; training: Measured } {
  const peak = peakNow();
  if (peak === start.peak && start.peak > 1.1 * start.resident) {
    const unknown: Measured = { value: null, reason: "the process that started the worker had a higher peak" };
    return { peak: unknown, training: unknown };
  }
  return { peak: { value: peak }, training: trainingMemory(peak) };
}

function trainingMemory(peak: number): Measured {
  if (!beforeTraining) return { value: null, reason: "nothing was trained" };
  if (peak === beforeTraining.peak) return { value: null, reason: "the peak was before training" };
  return { value: peak - beforeTraining.resident };
}
