/**
 * The command line.
 *
 * Exit status: 0 done, 1 something failed, 2 asked for wrongly, 130 or 143 stopped by a signal. Errors are one sentence; with
 * TUNEBENCH_DEBUG set, a stack trace too. Commands load what they need, so that the light ones start fast.
 * @module
 */
import { Command, CommanderError } from "commander";
import { resolve } from "node:path";
import config from "./deno.json" with { type: "json" };
import { UsageError } from "./runs/usage-error.ts";

interface BenchFlags {
  models?: string;
  tasks?: string;
  data?: string;
  methods?: string;
  from?: string;
  seeds?: string;
  device?: string;
  precision?: string;
  memory?: string;
  out: string;
  jobs?: string;
  keep?: string;
  cache?: string;
  offline?: true;
  dryRun?: true;
}

interface PredictFlags {
  adapter: string;
  model?: string;
  input: string;
  json?: true;
  device: string;
  cache?: string;
  offline?: true;
}

let status = 0;

/** A command's action: what it returns becomes the exit status. */
const ending = <A extends unknown[]>(run: (...args: A) => Promise<number>) => async (...args: A): Promise<void> => {
  status = await run(...args);
};

const program = new Command("tunebench")
  .description("Compares ways of adapting a pretrained language model.")
  .version(config.version)
  .exitOverride()
  .configureOutput({ outputError: () => {} });

program.command("bench")
  .description("train and score every model × task × method × seed that has no record yet, then report")
  .argument("[study]", "a preset (see list presets) or the path of a study.json", "quick")
  .option("--models <names>", "models, joined by commas")
  .option("--tasks <names>", "tasks, joined by commas")
  .option("--data <folder>", "files of tasks that come without: rte, e2e")
  .option("--methods <names>", "methods, joined by commas; + joins two methods into one: lora+prompt-tuning")
  .option(
    "--from <folder>",
    "an adapter to start from, with its method, its options and, where it fits, its classifier",
  )
  .option("--seeds <seeds>", "a count (3: 0, 1, 2) or a list (0,1,7; one seed: 7,)")
  .option("--device <name>", "device (see list devices)")
  .option("--precision <format>", "int8: products with frozen matrices in 8-bit integers")
  .option("--memory <how>", "small: less memory, at less speed")
  .option("--out <folder>", "results folder", "results")
  .option("--jobs <count>", "cells at the same time (default: one for each core)")
  .option("--keep <what>", "full: also store models that are tuned in full")
  .option("--cache <folder>", "cache folder of what is fetched or converted")
  .option("--offline", "use models of the hub from the cache alone")
  .option("--dry-run", "show the cells, their parameters and planned memory; train nothing")
  .action(ending(runBench));

program.command("fetch")
  .description("bring models of the hub to this machine, and check the files of models and tasks that are here")
  .argument("<names...>", "models (org/name[@revision][:file.gguf]) and tasks")
  .option("--cache <folder>", "cache folder of what is fetched or converted")
  .option("--offline", "check what is here, fetch nothing")
  .action(ending(runFetch));

program.command("report")
  .description("write the reports of results folders")
  .argument("[results...]", "results folders", ["results"])
  .option("--out <folder>", "folder of the reports (default: report, in the first results folder)")
  .action(ending(runReport));

program.command("predict")
  .description("answer texts, a line each, with adapters of one model")
  .requiredOption("--adapter <folders>", "folders of adapters, joined by commas: results/adapters/<id>")
  .option("--model <name>", "their model (default: the one they name)")
  .option("--input <file>", "lines to answer; - is standard input", "-")
  .option("--json", "answers as lines of JSON")
  .option("--device <name>", "device (see list devices)", "cpu")
  .option("--cache <folder>", "cache folder of what is fetched or converted")
  .option("--offline", "use models of the hub from the cache alone")
  .action(ending(runPredict));

program.command("adapter")
  .description("work with adapters")
  .command("merge")
  .description("fold an adapter into the weights of its model, as a folder that transformers loads")
  .argument("<adapter>", "folder of the adapter")
  .argument("<out>", "folder to write")
  .requiredOption("--model <name>", "the model that it belongs to")
  .option("--cache <folder>", "cache folder of what is fetched or converted")
  .option("--offline", "use models of the hub from the cache alone")
  .action(ending(runMerge));

program.command("list")
  .description("show what a study may name")
  .argument("[table]", "models, methods, tasks, presets or devices (which are looked at); all if left out")
  .option("--json", "everything known, as JSON")
  .action(ending(runList));

/** Hands flags on to all that looks for files, workers included. */
function useCache({ cache, offline }: { cache?: string; offline?: true }): void {
  if (cache !== undefined) Deno.env.set("TUNEBENCH_CACHE", resolve(cache));
  if (offline) Deno.env.set("HF_HUB_OFFLINE", "1");
}

async function runFetch(names: string[], flags: { cache?: string; offline?: true }): Promise<number> {
  useCache(flags);
  const { fetchByName } = await import("./runs/fetch.ts");
  for (const name of names) {
    console.log((await fetchByName(name, { say: (sentence) => console.error(sentence) })).join("\n"));
  }
  return 0;
}

async function runBench(source: string, flags: BenchFlags): Promise<number> {
  useCache(flags);
  const { bench, planBench } = await import("./runs/launcher.ts");
  const study = await readStudyOf(source, flags);
  if (flags.keep !== undefined && flags.keep !== "full") {
    throw new UsageError(`Cannot keep ${flags.keep}: --keep must be full`);
  }
  if (flags.jobs !== undefined && !/^[1-9]\d*$/.test(flags.jobs)) {
    throw new UsageError(`Cannot read --jobs: it must be a whole number from 1, current value is ${flags.jobs}`);
  }
  if (flags.dryRun) {
    const { showPlan } = await import("./runs/show-plan.ts");
    console.log(showPlan(await planBench(study)));
    return 0;
  }
  const stop = new AbortController();
  let stoppedBy: { status: number } | undefined;
  const stopOn = (name: Deno.Signal, status: number) =>
    Deno.addSignalListener(name, () => {
      stoppedBy ??= { status };
      stop.abort();
    });
  stopOn("SIGINT", 130);
  if (Deno.build.os !== "windows") stopOn("SIGTERM", 143);

  const { showProgress, standardError } = await import("./runs/progress.ts");
  const { cells, recorded, trained, failures } = await bench(study, {
    out: flags.out,
    jobs: flags.jobs === undefined ? undefined : Number(flags.jobs),
    keep: flags.keep === "full",
    signal: stop.signal,
    onEvent: showProgress(standardError()),
  });
  if (stoppedBy) {
    console.error(
      `Stopped: ${recorded + trained} of ${cells} cells are done, the same command goes on with the others.`,
    );
    return stoppedBy.status;
  }
  const written = recorded + trained > 0 ? await writeReports([flags.out], `${flags.out}/report`) : 0;
  if (failures.length === 0) return written;
  console.error(`${failures.length} of ${cells} cells have no result, ${flags.out}/failed says more.`);
  return 1;
}

async function readStudyOf(source: string, flags: BenchFlags) {
  const { presets } = await import("./runs/presets.ts");
  const { parseSeeds, readStudy } = await import("./runs/study.ts");
  const { lookUp } = await import("./runs/look-up.ts");
  const study = source.endsWith(".json")
    ? await readStudy(source, presets.quick.study)
    : lookUp("preset", presets, source).study;
  if (flags.memory !== undefined && flags.memory !== "small") {
    throw new UsageError(`Cannot read --memory: it must be small, current value is ${flags.memory}`);
  }
  return {
    ...study,
    ...flags.precision !== undefined && { precision: flags.precision },
    ...flags.memory && { memory: "small" as const },
    models: flags.models?.split(",") ?? study.models,
    tasks: flags.tasks?.split(",") ?? study.tasks,
    ...flags.data !== undefined && { dataFolder: flags.data },
    ...flags.from !== undefined && { from: flags.from },
    methods: flags.methods?.split(",") ?? (flags.from === undefined ? study.methods : []),
    seeds: flags.seeds === undefined ? study.seeds : parseSeeds(flags.seeds),
    device: flags.device ?? study.device,
  };
}

function runReport(folders: string[], flags: { out?: string }): Promise<number> {
  return writeReports(folders, flags.out ?? `${folders[0]}/report`);
}

/** Writes the reports, shows the tables and says which records were left out. */
async function writeReports(folders: string[], out: string): Promise<number> {
  const { writeReport } = await import("./reports/mod.ts");
  const { files, unreadable, terminal } = await writeReport(folders, out);
  console.log(`${terminal}\n${files.join("\n")}`);
  for (const { path, reason } of unreadable) console.error(`Cannot read the record ${path}, it is left out: ${reason}`);
  return unreadable.length === 0 ? 0 : 1;
}

async function runPredict(
  { adapter, cache, offline, ...flags }: PredictFlags,
): Promise<number> {
  useCache({ cache, offline });
  const { predictLines } = await import("./runs/predict.ts");
  const options = {
    ...flags,
    adapters: adapter.split(",").filter((folder) => folder !== ""),
    json: flags.json ?? false,
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
    // Whoever read the answers wants no more.
    if (error instanceof Deno.errors.BrokenPipe) return 0;
    throw error;
  }
}

interface MergeFlags {
  model: string;
  cache?: string;
  offline?: true;
}

async function runMerge(adapter: string, out: string, { model, ...cache }: MergeFlags): Promise<number> {
  useCache(cache);
  const { findModel } = await import("./runs/find-model.ts");
  const { mergeAdapter } = await import("./runs/merge.ts");
  await mergeAdapter(adapter, out, await findModel(model));
  console.log(out);
  return 0;
}

async function runList(table: string | undefined, flags: { json?: true }): Promise<number> {
  const { describeDevice, listDevices, listings } = await import("./runs/list.ts");
  const { lookUp } = await import("./runs/look-up.ts");
  // Devices alone are looked at: that loads their libraries.
  if (table === "devices") {
    const inspected = await listDevices();
    if (flags.json) console.log(JSON.stringify({ devices: inspected }, null, 2));
    for (const { name, description, report } of flags.json ? [] : inspected) {
      console.log([`${name}: ${description}`, ...describeDevice(report).map((line) => `  ${line}`)].join("\n"));
    }
    return 0;
  }
  const chosen = table === undefined ? listings : { [table]: lookUp("table", listings, table) };
  const listed = Object.entries(chosen).map(([name, list]) => [name, list()] as const);
  if (flags.json) {
    console.log(JSON.stringify(Object.fromEntries(listed), null, 2));
    return 0;
  }
  const width = Math.max(...listed.flatMap(([, entries]) => entries.map(({ name }) => name.length)));
  for (const [name, entries] of listed) {
    console.log(name);
    for (const entry of entries) console.log(`  ${entry.name.padEnd(width)}  ${entry.description}`);
  }
  return 0;
}

try {
  await program.parseAsync(Deno.args, { from: "user" });
} catch (error) {
  status = report(error as Error);
}
Deno.exit(status);

/** Says what went wrong and gives the exit status. */
function report(error: Error): number {
  if (error instanceof CommanderError) {
    // Help and version were asked for; help on a missing command was not.
    if (error.exitCode === 0) return 0;
    if (error.code !== "commander.help") {
      console.error(error.message.replace(/^error: /, "Cannot run: ").replace("\n", " "));
    }
    return 2;
  }
  console.error(Deno.env.has("TUNEBENCH_DEBUG") ? error : error.message);
  return error instanceof UsageError ? 2 : 1;
}
