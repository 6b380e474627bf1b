/**
 * The command fetch: downloads models and data sets into the cache.
 * @module
 */
import { visible } from "../base/errors.ts";
import { type AddCommand, type CacheFlags, useCache, withCacheFlags } from "./command.ts";

/** Adds the command. */
export const addFetch: AddCommand = (program, setStatus) => {
  const command = program.command("fetch")
    .description("bring models of the hub to this machine, and check the files of models and tasks that are here")
    .argument("<names...>", "models (org/name[@revision][:file.gguf]) and tasks");
  withCacheFlags(command, "check what is here, fetch nothing")
    .action(async (names: string[], flags: CacheFlags) => setStatus(await runFetch(names, flags)));
};

async function runFetch(names: string[], flags: CacheFlags): Promise<number> {
  useCache(flags);
  const { fetchByName } = await import("../runs/study/fetch.ts");
  for (const name of names) {
    const lines = await fetchByName(name, { say: (sentence) => console.error(visible(sentence)) });
    console.log(lines.map(visible).join("\n"));
  }
  return 0;
}
