/**
 * What ends a command that trains.
 * @module
 */
import { whenCallersEnd } from "./callers.ts";

/**
 * A controller that Ctrl-C, SIGTERM and the end of the programs that started the command abort, with the signal's exit status as
 * the reason. A second Ctrl-C ends the process at once, and with it its workers.
 */
export function stopOnSignals(): AbortController {
  const stop = new AbortController();
  Deno.addSignalListener("SIGINT", () => stop.signal.aborted ? Deno.exit(130) : stop.abort(130));
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", () => stop.abort(143));
  whenCallersEnd(() => stop.abort(143));
  return stop;
}
