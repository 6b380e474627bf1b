/**
 * The end of a process that this one has started.
 * @module
 */

/** Kills a process. Nothing happens if it has ended already, which this process may be told only later. */
export function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}
