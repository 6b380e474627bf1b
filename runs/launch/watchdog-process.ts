/**
 * The launcher's side of the watchdog: one process for all workers that run at a time.
 * @module
 */
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("./watchdog.ts", import.meta.url));

/** A running watchdog and how many workers it watches. */
interface Watchdog {
  child: Deno.ChildProcess;
  input: WritableStreamDefaultWriter<Uint8Array>;
  workers: number;
}

let current: Watchdog | undefined;

/**
 * Has a worker ended if this process ends first. The watchdog starts with the first worker and ends with the last.
 * @returns to be called when the worker has ended
 */
export function watch(pid: number): () => Promise<void> {
  const watchdog = current ??= start();
  watchdog.workers++;
  tell(watchdog, pid);
  return async () => {
    tell(watchdog, -pid);
    if (--watchdog.workers > 0) return;
    current = undefined;
    await watchdog.input.close().catch(ignoreGone);
    await watchdog.child.status;
  };
}

function start(): Watchdog {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-config", "--allow-run", program],
    stdin: "piped",
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  return { child, input: child.stdin.getWriter(), workers: 0 };
}

function tell({ input }: Watchdog, pid: number): void {
  input.write(new TextEncoder().encode(`${pid}\n`)).catch(ignoreGone);
}

/** A watchdog that somebody has ended: workers then end with their input, as all do that are not stuck. */
function ignoreGone(error: Error): void {
  if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
}
