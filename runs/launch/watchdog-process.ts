/**
 * The launcher's side of the watchdog: one process for all workers that run at a time.
 * @module
 */
import { fileURLToPath } from "node:url";
import type { WatchdogLine } from "./protocol.ts";

const program = fileURLToPath(new URL("./watchdog.ts", import.meta.url));

/** A running watchdog and how many workers it watches. */
interface Watchdog {
  child: Deno.ChildProcess;
  input: WritableStreamDefaultWriter<Uint8Array>;
  workers: number;
}

let current: Watchdog | undefined;

/**
 * Has a worker ended, and files removed after that, if this process ends first. The watchdog starts with the first worker and
 * ends with the last.
 * @returns to be called when the worker has ended
 */
export function watch(pid: number, files: readonly string[]): () => Promise<void> {
  const watchdog = current ??= start();
  watchdog.workers++;
  tell(watchdog, { pid, files });
  return async () => {
    tell(watchdog, { pid });
    if (--watchdog.workers > 0) return;
    current = undefined;
    await watchdog.input.close().catch(ignoreGone);
    await watchdog.child.status;
  };
}

function start(): Watchdog {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-config", "--allow-run", "--allow-write", program],
    stdin: "piped",
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  return { child, input: child.stdin.getWriter(), workers: 0 };
}

function tell({ input }: Watchdog, line: WatchdogLine): void {
  input.write(new TextEncoder().encode(`${JSON.stringify(line)}\n`)).catch(ignoreGone);
}

/** A watchdog that somebody has ended: workers then end with their input, as all do that are not stuck. */
function ignoreGone(error: Error): void {
  if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
}
