/**
 * The command bench: trains and scores the cells of a study, then reports.
 * @module
 */
import { counted, shownMessage, UsageError, visible } from "../base/errors.ts";
import type { Study } from "../runs/study/study.ts";
import { LANGUAGE_MODEL } from "../runs/study/words/head.ts";
import { addStatus } from "./bench/status.ts";
import { describeTables, type TaskFlags, withTaskFlags } from "./task-flags.ts";
import {
  type AddCommand,
  type CacheFlags,
  collectList,
  readCount,
  useCache,
  withCacheFlags,
  withPlugins,
} from "./command.ts";
import { stopOnSignals } from "./start/stop-on-signals.ts";

interface BenchFlags extends CacheFlags, TaskFlags {
  models?: string[];
  tasks?: string[];
  taskFiles?: string;
  methods?: string[];
  from?: string;
  head?: string;
  template?: string[];
  data?: string;
  shots?: string;
  seeds?: string;
  device?: string;
  precision?: string;
  memory?: string;
  out: string;
  jobs?: string;
  keep?: string;
  checkpoint?: string;
  cellTimeout?: string;
  retryFailed?: true;
  tune?: string;
  events?: string;
  plugin?: string[];
  launcher?: string;
  slurm?: string[];
  dryRun?: true;
  controls?: true;
}

/** Adds the command. */
export const addBench: AddCommand = (program, setStatus) => {
  const command = program.command("bench")
    .description("train and score every model × task × method × seed that has no record yet, then report")
    .argument("[study]", "a preset (see list presets) or the path of a study.json", "quick")
    .option("--models <names>", "models, joined by commas; repeat the flag for a path with commas", collectList)
    .option(
      "--tasks <names>",
      "tasks, joined by commas: names, or paths of descriptions or files of yours",
      collectList,
    );
  withPlugins(withTaskFlags(command))
    .option("--data <sizes>", "numbers of examples to train, to validate and to test: 120,40,40")
    .option("--shots <count>", "few examples: so many of each class to train, as many to validate, all others to test")
    .option("--task-files <folder>", "files of tasks that come without: rte, e2e")
    .option(
      "--methods <names>",
      "methods, joined by commas; + joins two methods into one: lora+prompt-tuning",
      collectList,
    )
    .option(
      "--from <folder>",
      "an adapter to start from, with its method, its options and, where it fits, its classifier",
    )
    .option("--head <name>", "language-model: its own head answers, by words for the labels")
    .option(
      "--template <text>",
      'what the language model completes, "{text} It was {answer}."; repeat the flag for others',
      (template: string, before: readonly string[] = []) => [...before, template],
    )
    .option("--seeds <seeds>", "a count (3: 0, 1, 2) or a list (0,1,7; one seed: 7,)")
    .option("--tune <trials>", "tune every method for each seed, in so many trials")
    .option("--device <name>", "device (see list devices)")
    .option("--precision <format>", "int8: products with frozen matrices in 8-bit integers")
    .option("--memory <how>", "small: less memory, at less speed")
    .option("--out <folder>", "results folder", "results")
    .option("--jobs <count>", "cells at the same time (default: one for each core)")
    .option("--keep <what>", "full: also store models that are tuned in full")
    .option(
      "--checkpoint <seconds>",
      "save where each cell stands, at most so often, to go on from there (default: 60; 0: never)",
    )
    .option("--cell-timeout <seconds>", "end a cell that takes longer, as failed")
    .option("--retry-failed", "run only the cells that have failed")
    .option("--events <file>", "append everything that happens to a file, a line of JSON each")
    .option("--launcher <name>", "slurm: submit the cells to a Slurm cluster, and end")
    .option(
      "--slurm <flag>",
      "a flag of sbatch without dashes, such as partition=long or time=2:00:00; repeat it for others",
      (flag: string, before: readonly string[] = []) => [...before, flag],
    );
  command.option("--controls", "then check that shuffled labels teach nothing, and the like, for every method");
  withCacheFlags(command)
    .option("--dry-run", "show the cells, their parameters, planned memory and likely time; train nothing")
    .action(async (source: string, flags: BenchFlags) => setStatus(await runBench(source, flags)));
  addStatus(command, setStatus);
};

/** @throws {UsageError} if a flag has a wrong value, or cannot be used beside another */
function requireFlags({ keep, data, shots, dryRun, retryFailed, launcher, slurm, events }: BenchFlags): void {
  if (keep !== undefined && keep !== "full") throw new UsageError(`Cannot keep ${keep}: --keep must be full`);
  if (launcher !== undefined && launcher !== "slurm") {
    throw new UsageError(`Cannot read --launcher: it must be slurm, current value is ${launcher}`);
  }
  const together: [string, unknown, string, unknown][] = [
    ["shots", shots, "data", data],
    ["retry-failed", retryFailed, "dry-run", dryRun],
    ["launcher", launcher, "dry-run", dryRun],
    ["launcher", launcher, "events", events],
  ];
  const [one, , other] = together.find(([, one, , other]) => one && other) ?? [];
  if (one !== undefined) throw new UsageError(`Cannot use --${one} with --${other}: one of them must be left out`);
  if (slurm && !launcher) throw new UsageError("Cannot use --slurm: --launcher must be slurm, current value is none");
}

async function runBench(source: string, flags: BenchFlags): Promise<number> {
  useCache(flags);
  const { bench, estimateBench } = await import("../runs/launch/launcher.ts");
  const given = await readGiven(source);
  const study = await withFlags(given, flags);
  requireFlags(flags);
  const jobs = readCount("--jobs", flags.jobs);
  const keep = flags.keep === "full";
  const cellTimeout = readSeconds("--cell-timeout", flags.cellTimeout, "above 0", (seconds) => seconds > 0);
  const checkpoint = readSeconds("--checkpoint", flags.checkpoint, "from 0", (seconds) => seconds >= 0);
  if (flags.dryRun) {
    const { renderEstimates, renderOverrides } = await import("./output/dry-run.ts");
    const atOnce = jobs ?? navigator.hardwareConcurrency;
    console.log(renderEstimates(await estimateBench(study, undefined, atOnce), atOnce));
    for (const line of renderOverrides(given, study)) console.log(line);
    return 0;
  }
  if (flags.launcher !== undefined) {
    const { submit } = await import("./bench/submit.ts");
    const { out, retryFailed, slurm = [] } = flags;
    return await submit(study, { out, jobs, retryFailed, keep, checkpoint, cellTimeout, flags: slurm });
  }
  const stop = stopOnSignals();
  const { showProgress, standardError } = await import("./output/progress.ts");
  const { openEvents } = await import("../runs/launch/events.ts");
  using events = flags.events === undefined ? undefined : openEvents(flags.events, console.error);
  const show = showProgress(standardError());
  const { cells, recorded, trained, failures } = await bench(study, {
    out: flags.out,
    jobs,
    keep,
    checkpoint,
    cellTimeout,
    retryFailed: flags.retryFailed,
    signal: stop.signal,
    onEvent(event) {
      events?.write(event);
      show(event);
    },
  });
  if (stop.signal.aborted) {
    console.error(
      `Stopped: ${recorded + trained} of ${counted(cells, "cell")} are done, the same command goes on with the others.`,
    );
    return stop.signal.reason;
  }
  const { writeReports } = await import("./report.ts");
  try {
    const passed = flags.controls ? await runControls(study, flags.out, stop.signal) : true;
    if (stop.signal.aborted) return stop.signal.reason;
    const written = recorded + trained > 0 ? await writeReports([flags.out], `${flags.out}/report`) : 0;
    return failures.length === 0 && passed ? written : 1;
  } finally {
    // Also where the reports cannot be written: the disk may have become full, or the folder gone.
    if (failures.length > 0) {
      const told = failures.filter(({ file }) => file !== undefined).length;
      const more = told === failures.length ? "" : ` of ${told} of them`;
      console.error(
        `${failures.length} of ${counted(cells, "cell")} without a result` +
          `${told === 0 ? "" : `, ${flags.out}/failed says more${more}`}.`,
      );
    }
  }
}

/** The value of a flag in seconds; undefined where it was not given. @throws {UsageError} if it is out of range */
function readSeconds(
  flag: string,
  value: string | undefined,
  range: string,
  isInRange: (seconds: number) => boolean,
): number | undefined {
  if (value === undefined) return undefined;
  const seconds = value.trim() === "" ? NaN : Number(value);
  if (Number.isFinite(seconds) && isInRange(seconds)) return seconds;
  throw new UsageError(`Cannot read ${flag}: it must be a number of seconds ${range}, current value is ${value}`);
}

/** Runs the negative controls of a study, says what failed, and returns whether nothing did. */
async function runControls(study: Study, out: string, signal: AbortSignal): Promise<boolean> {
  const { controlStudy } = await import("../runs/launch/controls/control-study.ts");
  const { methodName } = await import("../runs/study/spec.ts");
  const records = await controlStudy(study, out, signal, ({ spec }) => {
    console.error(`controls of ${visible(methodName(spec))} on ${spec.task.name}`);
  });
  const failed = records.flatMap(({ method, task, controls }) =>
    controls.filter(({ passed }) => !passed).map(({ name, detail }) =>
      `${method} on ${task}: not so: ${name} (${detail})`
    )
  );
  for (const message of failed) console.error(shownMessage({ message }));
  console.error(`${counted(records.length, "cell")} controlled, ${failed.length} controls failed.`);
  return failed.length === 0;
}

/** The study of a preset or a file. */
async function readGiven(source: string): Promise<Study> {
  const { presets } = await import("../runs/study/presets.ts");
  const { readStudy } = await import("../runs/study/study.ts");
  const { lookUp } = await import("../base/errors.ts");
  return /\.jsonc?$/.test(source)
    ? await readStudy(source, presets.quick.study)
    : lookUp("preset", presets, source).study;
}

/** The head of a study with the changes that the flags make. @throws {UsageError} if there are templates for none */
function headWith(
  { head: given }: Study,
  { head = given && LANGUAGE_MODEL, template }: BenchFlags,
): Pick<Study, "head"> {
  if (head !== undefined && head !== LANGUAGE_MODEL) {
    throw new UsageError(`Cannot read --head: it must be ${LANGUAGE_MODEL}, current value is ${head}`);
  }
  if (template && !head) {
    throw new UsageError(`Cannot use --template: --head must be ${LANGUAGE_MODEL}, current value is none`);
  }
  if (!head) return {};
  if (!template) return { head: given ?? head };
  return { head: { ...typeof given === "object" && given, name: head, templates: template } };
}

/** A study with the changes that the flags make. */
async function withFlags(study: Study, flags: BenchFlags): Promise<Study> {
  const { parseSeeds, parseShots, parseSizes } = await import("../runs/study/study.ts");
  const { parseTrials } = await import("../runs/study/tuning/space.ts");
  if (flags.memory !== undefined && flags.memory !== "small") {
    throw new UsageError(`Cannot read --memory: it must be small, current value is ${flags.memory}`);
  }
  return {
    ...study,
    ...flags.precision !== undefined && { precision: flags.precision },
    ...flags.memory && { memory: "small" as const },
    models: flags.models ?? study.models,
    tasks: await describeTables(flags.tasks ?? study.tasks, flags),
    ...flags.data !== undefined && { data: parseSizes(flags.data) },
    ...flags.shots !== undefined && { data: parseShots(flags.shots, study.data) },
    ...flags.taskFiles !== undefined && { taskFiles: flags.taskFiles },
    ...flags.from !== undefined && { from: flags.from },
    ...headWith(study, flags),
    methods: flags.methods ?? (flags.from === undefined ? study.methods : []),
    seeds: flags.seeds === undefined ? study.seeds : parseSeeds(flags.seeds),
    ...flags.tune !== undefined && { tuning: { ...study.tuning, trials: parseTrials(flags.tune) } },
    device: flags.device ?? study.device,
    ...flags.plugin && { plugins: [...study.plugins ?? [], ...flags.plugin] },
  };
}
