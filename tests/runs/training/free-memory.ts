/** Prints the bytes that the machine has free, and those that this process may take. */
import { freeMemory } from "../../../runs/training/plan-memory.ts";

const { available } = Deno.systemMemoryInfo();
console.log(JSON.stringify([available, freeMemory({}, available)]));
