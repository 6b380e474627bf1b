/**
 * What a task of an array asks for: memory and processors, by the planned memory of the cells that it may train.
 * @module
 */

/** What each task asks for. */
export interface Resources {
  /** Processors, one thread each. */
  cpus: number;
  /** Memory in MiB; undefined where it is not planned, as the device has memory of its own. */
  memory?: number;
}

const MIB = 2 ** 20;

/** MiB that a task takes besides its step: bench, its watchdog, and in the worker the runtimes and the tokenizer. */
const BASE = 512;

/**
 * What a worker takes of a step at most, relative to its plan: 1.5 with `full`, whose weights are loaded, checked and stored
 * beside the step.
 */
const SURPLUS = 1.5;

/** MiB for which a task asks for one processor: nodes have about so much for each of theirs, which would lie idle. */
const PER_CPU = 2048;

/** Most processors: small matrix products gain little from more. */
const MOST_CPUS = 16;

/** What each task asks for. @param planned bytes of the planned steps of the cells; undefined where they are not known */
export function resourcesOf(planned: readonly number[] | undefined): Resources {
  if (planned === undefined) return { cpus: 1 };
  const memory = Math.ceil(BASE + SURPLUS * planned.reduce((most, bytes) => Math.max(most, bytes), 0) / MIB);
  return { memory, cpus: Math.min(MOST_CPUS, Math.ceil(memory / PER_CPU)) };
}
