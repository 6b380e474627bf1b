/**
 * The command predict: answers lines of text with adapters.
 * @module
 */
import { type AddCommand, type CacheFlags, collectList, useCache, withCacheFlags, withPlugins } from "./command.ts";
import { loadHere } from "./start/load-here.ts";

interface PredictFlags extends CacheFlags {
  adapter: string[];
  model?: string;
  input: string;
  json?: true;
  device: string;
  plugin?: string[];
}

/** Adds the command. */
export const addPredict: AddCommand = (program, setStatus) => {
  const command = program.command("predict")
    .description("answer texts, a line each, with adapters of one model")
    .requiredOption(
      "--adapter <folders>",
      "folders of adapters, joined by commas: results/adapters/<id>; repeat the flag for a path with commas",
      collectList,
    )
    .option("--model <name>", "their model (default: the one they name)")
    .option("--input <file>", "lines to answer; - is standard input", "-")
    .option("--json", "answers as lines of JSON")
    .option("--device <name>", "device (see list devices)", "cpu");
  withCacheFlags(withPlugins(command)).action(async (flags: PredictFlags) => setStatus(await runPredict(flags)));
};

async function runPredict({ adapter, cache, offline, plugin, ...flags }: PredictFlags): Promise<number> {
  useCache({ cache, offline });
  if (plugin) await loadHere(plugin);
  const { predictLines } = await import("./output/predict-lines.ts");
  const options = {
    ...flags,
    adapters: adapter.filter((folder) => folder !== ""),
    json: flags.json ?? false,
    // The tokenizer would be a program, and this process starts none once it has loaded plug-ins.
    apart: plugin === undefined,
  };
  if (options.input === "-" && Deno.stdin.isTerminal()) console.error("Type a text a line; Ctrl-D ends.");
  try {
    return await predictLines(options, {
      write(text) {
        for (let bytes = new TextEncoder().encode(text); bytes.length > 0;) {
          bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
        }
      },
      complain: (sentence) => console.error(sentence),
    });
  } catch (error) {
    // The program that reads the answers has ended: nothing is left to do.
    if (error instanceof Deno.errors.BrokenPipe) return 0;
    throw error;
  }
}
