/**
 * The command adapter, with the subcommand merge.
 * @module
 */
import { type AddCommand, type CacheFlags, useCache, withCacheFlags, withPlugins } from "./command.ts";
import { loadHere } from "./start/load-here.ts";

interface MergeFlags extends CacheFlags {
  model: string;
  plugin?: string[];
}

/** Adds the command. */
export const addAdapter: AddCommand = (program, setStatus) => {
  const command = program.command("adapter")
    .description("work with adapters")
    .command("merge")
    .description("fold an adapter into the weights of its model, as a folder that transformers loads")
    .argument("<adapter>", "folder of the adapter")
    .argument("<out>", "folder to write")
    .requiredOption("--model <name>", "the model that it belongs to");
  withCacheFlags(withPlugins(command)).action(async (adapter: string, out: string, flags: MergeFlags) =>
    setStatus(await runMerge(adapter, out, flags))
  );
};

async function runMerge(adapter: string, out: string, { model, plugin, ...cache }: MergeFlags): Promise<number> {
  useCache(cache);
  if (plugin) await loadHere(plugin);
  const { findModel } = await import("../runs/study/find-model.ts");
  const { mergeAdapter } = await import("../runs/adapters/merge.ts");
  await mergeAdapter(adapter, out, await findModel(model));
  console.log(out);
  return 0;
}
