/**
 * What ends a command that trains.
 * @module
 */
import { whenCallersEnd } from "../callers.ts";

/** A controller that Ctrl-C, SIGTERM and the end of the programs that started the command abort, with the signal's exit status as the reason. */
export function stopOnSignals(): AbortController {
  const stop = new AbortController();
  Deno.addSignalListener("SIGINT", () => stop.abort(130));
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", () => stop.abort(143));
  whenCallersEnd(() => stop.abort(143));
  return stop;
}
