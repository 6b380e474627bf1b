/**
 * Tasks of the project as commands.
 * @module
 */
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Starts `deno task NAME ARGS…`, without output. */
export function spawnTask(name: string, args: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", name, ...args],
    cwd: root,
    stdout: "null",
    stderr: "null",
  }).spawn();
}

/**
 * Runs a task of the project to its end.
 * @throws {Error} if it fails
 */
export async function runTask(name: string, args: readonly string[]): Promise<void> {
  const { success, code } = await spawnTask(name, args).status;
  if (!success) throw new Error(`Cannot measure deno task ${name}: its exit code must be 0, current value is ${code}`);
}
