/**
 * Loads plug-ins into the process of a command that computes by itself.
 * @module
 */
import { useCache } from "../command.ts";

/**
 * Loads plug-ins, once this process has given up what a worker may not do either: starting programs, and the network.
 * @throws {UsageError} if one of them cannot be used
 */
export async function loadHere(paths: readonly string[]): Promise<void> {
  const { openPlugins } = await import("../../runs/plugins/files.ts");
  const plugins = await openPlugins(paths);
  for (const name of ["run", "net"] as const) await Deno.permissions.revoke({ name });
  useCache({ offline: true });
  const { loadPlugins } = await import("../../runs/plugins/load.ts");
  const { hear, saidLine } = await import("../../runs/plugins/said.ts");
  hear(plugins, (name, text) => console.error(saidLine(name, text)));
  await loadPlugins(plugins);
}
