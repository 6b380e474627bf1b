/**
 * The end of a process that this one has started.
 * @module
 */

/** Sends a process a signal. Nothing happens if it has ended already, which this process may be told only later. */
export function kill(child: Deno.ChildProcess, signal: Deno.Signal = "SIGKILL"): void {
  try {
    child.kill(signal);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}
