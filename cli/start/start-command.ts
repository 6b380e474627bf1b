/**
 * Starts a command in a process of its own, with the permissions that it needs and no others.
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { kill } from "../../base/kill.ts";
import { permissionFlags, type Permissions, projectFolder } from "../../base/permissions.ts";
import { LITTLE_GARBAGE } from "../../runs/launch/worker-process.ts";

const program = fileURLToPath(new URL("restricted.ts", import.meta.url));

/** Commands that compute, or read the rows of tasks, in their own process; "check" is that of tasks and of plug-ins. */
const LARGE = ["predict", "check", "bench"];

/** Signals that are handed on. In a terminal they reach both processes, which is no harm. */
const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM", "SIGHUP"];

/** Runs a command with the arguments of this process. @returns its exit status */
export async function startCommand(name: string, permissions: Permissions): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      ...LARGE.includes(name) ? [LITTLE_GARBAGE] : [],
      ...permissionFlags(permissions),
      "--config",
      join(projectFolder, "deno.json"),
      program,
      ...Deno.args,
    ],
  }).spawn();
  for (const signal of SIGNALS) Deno.addSignalListener(signal, () => kill(child, signal));
  return (await child.status).code;
}
