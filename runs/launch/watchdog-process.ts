/**
 * The launcher's side of the watchdog: one process for all workers that run at a time with files in one folder.
 * @module
 */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { permissionFlags } from "../../base/permissions.ts";
import type { WatchdogLine } from "./protocol.ts";

const program = fileURLToPath(new URL("./watchdog.ts", import.meta.url));

/** A running watchdog and how many workers it watches. */
interface Watchdog {
  child: Deno.ChildProcess;
  input: WritableStreamDefaultWriter<Uint8Array>;
  workers: number;
}

/** The running ones, by the folder in which they may remove files; empty: none. */
const running = new Map<string, Watchdog>();

/**
 * Has a worker ended, and files removed after that, if this process ends first. The watchdog starts with the first worker and
 * ends with the last.
 * @param files of one folder
 * @returns to be called when the worker has ended
 */
export function watch(pid: number, files: readonly string[]): () => Promise<void> {
  const folder = files.length === 0 ? "" : dirname(files[0]);
  const watchdog = running.get(folder) ?? start(folder);
  running.set(folder, watchdog);
  watchdog.workers++;
  tell(watchdog, { pid, files });
  return async () => {
    tell(watchdog, { pid });
    if (--watchdog.workers > 0) return;
    running.delete(folder);
    await watchdog.input.close().catch(ignoreGone);
    await watchdog.child.status;
  };
}

function start(folder: string): Watchdog {
  const removable = folder === "" ? [] : [folder];
  const child = new Deno.Command(Deno.execPath(), {
    // Deno lets no process end others that may not run every program.
    args: ["run", "--quiet", "--no-config", "--allow-run", ...permissionFlags({ write: removable }), program],
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
