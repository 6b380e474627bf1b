/**
 * The watchdog's program: a process beside the workers that ends those which the launcher has left behind. A worker whose
 * launcher is gone ends by itself, unless it is stopped, or caught in native code or a regular expression.
 *
 * A line of standard input is the process id of a worker that has started or, with a minus before it, has ended. When the
 * input ends, the launcher is gone, however it was ended.
 * @module
 */
import { readLines } from "../../base/files.ts";

// Signals of a terminal reach every process of the group; the watchdog is needed until the launcher has gone.
for (const signal of Deno.build.os === "windows" ? [] : ["SIGHUP", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => {});
}
Deno.addSignalListener("SIGINT", () => {});

const workers = new Set<number>();
for await (const line of readLines(Deno.stdin.readable)) {
  const pid = Number(line);
  if (pid > 0) workers.add(pid);
  else workers.delete(-pid);
}
for (const pid of workers) {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch (error) {
    // Most workers notice the same end of input and are gone already.
    if (!(error instanceof Deno.errors.NotFound) && !(error instanceof TypeError)) throw error;
  }
}
Deno.exit(0);
