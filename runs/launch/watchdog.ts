/**
 * The watchdog's program: a process beside the workers that ends those which the launcher has left behind. A worker whose
 * launcher is gone ends by itself, unless it is stopped, or caught in native code or a regular expression.
 *
 * A line of standard input tells of a worker that has started or has ended. When the input ends, the launcher is gone, however
 * it was ended. What it had claimed is then free for other benches.
 * @module
 */
import { readLines } from "../../base/files.ts";
import type { WatchdogLine } from "./protocol.ts";

// Signals of a terminal reach every process of the group; the watchdog is needed until the launcher has gone.
for (const signal of Deno.build.os === "windows" ? [] : ["SIGHUP", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => {});
}
Deno.addSignalListener("SIGINT", () => {});

const workers = new Map<number, readonly string[]>();
for await (const line of readLines(Deno.stdin.readable)) {
  const { pid, files }: WatchdogLine = JSON.parse(line);
  if (files) workers.set(pid, files);
  else workers.delete(pid);
}
for (const [pid, files] of workers) {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch (error) {
    // Most workers notice the same end of input and are gone already.
    if (!(error instanceof Deno.errors.NotFound) && !(error instanceof TypeError)) throw error;
  }
  for (const file of files) {
    await Deno.remove(file).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
}
Deno.exit(0);
