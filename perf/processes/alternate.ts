/**
 * Several processes measured in turn, so that all of them meet the same load of the machine.
 * @module
 */
import type { MeasuredProcess } from "./measured-process.ts";

/**
 * Sends a request to each process in turn, round by round, and ends the processes afterwards.
 * @returns the answers: of each process, one a round
 */
export async function alternate<Answer>(
  processes: readonly MeasuredProcess[],
  rounds: number,
  request: string,
): Promise<Answer[][]> {
  try {
    // No process is measured while another still loads its libraries.
    for (const process of processes) await process.ask("ready");
    const answers: Answer[][] = processes.map(() => []);
    for (let round = 0; round < rounds; round++) {
      for (const [at, process] of processes.entries()) answers[at].push(await process.ask(request));
    }
    return answers;
  } finally {
    await Promise.all(processes.map((process) => process.end()));
  }
}

/** Sends one request to a process and ends it. */
export async function askOnce<Answer>(process: MeasuredProcess, request: string): Promise<Answer> {
  try {
    return await process.ask<Answer>(request);
  } finally {
    await process.end();
  }
}
