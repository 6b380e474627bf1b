/**
 * The command verify: trains recorded runs again and says how near they come.
 * @module
 */
import { counted, lookUp, visible } from "../base/errors.ts";
import { exists } from "../base/files.ts";
import { Random } from "../base/random.ts";
import type { AnyRecord } from "../reports/verify/compare.ts";
import { type AddCommand, type CacheFlags, readCount, useCache, withCacheFlags, withPlugins } from "./command.ts";
import { stopOnSignals } from "./start/stop-on-signals.ts";

interface VerifyFlags extends CacheFlags {
  plugin?: string[];
  sample?: string;
  jobs?: string;
}

/** Adds the command. */
export const addVerify: AddCommand = (program, setStatus) => {
  const command = program.command("verify")
    .description("train recorded runs again, and say how near they come")
    .argument("[results]", "results folder", "results")
    .argument("[runs...]", "ids of runs; without any, all of them")
    .option("--sample <count>", "so many of the runs, drawn by a fixed seed")
    .option("--jobs <count>", "cells at the same time (default: one for each core)");
  withCacheFlags(withPlugins(command)).action(async (results: string, ids: string[], flags: VerifyFlags) =>
    setStatus(await runVerify(results, ids, flags))
  );
};

async function runVerify(results: string, ids: readonly string[], flags: VerifyFlags): Promise<number> {
  useCache(flags);
  const { readRecords } = await import("../runs/study/read-records.ts");
  const { methodName } = await import("../runs/study/spec.ts");
  const jobs = readCount("--jobs", flags.jobs);
  const sample = readCount("--sample", flags.sample);
  const { records, trials, unreadable } = await readRecords(results);
  const all = [...records, ...trials];
  for (const { path, reason } of unreadable) console.log(`not to be trusted: ${visible(path)}: ${visible(reason)}`);
  const chosen = choose(all, ids, sample);
  const verdicts = new Map<string, number>();
  const stop = stopOnSignals();
  const { openPlugins } = await import("../runs/plugins/files.ts");
  const { pluginsOf } = await import("../runs/study/spec.ts");
  const { keptPath } = await import("../runs/plugins/kept.ts");
  const plugins = await openPlugins(flags.plugin ?? []);
  // Code that lies beside results is run only where its user asks for it.
  const lackingOf = ({ spec }: AnyRecord) => pluginsOf(spec).filter((sha256) => !Object.hasOwn(plugins, sha256));
  const repeatable: AnyRecord[] = [];
  const lacking: Repeated[] = [];
  for (const record of chosen) {
    const paths = lackingOf(record).map((sha256) => `${results}/${keptPath(sha256)}`);
    const why = paths.length > 0
      ? [`--plugin must name its plug-in, ${paths.join(" and ")}`]
      : await filesLacking(record);
    if (why.length === 0) repeatable.push(record);
    else lacking.push({ record, why });
  }
  const places = new Map(Object.entries(plugins).map(([sha256, { name }]) => [keptPath(sha256), name]));
  const repeated: Repeated[] = [
    ...lacking.length > 0 && repeatable.length === 0 ? [] : await repeat(repeatable, all, places, stop.signal, jobs),
    ...lacking,
  ];
  if (stop.signal.aborted) {
    console.error("Stopped: nothing is verified.");
    return stop.signal.reason;
  }
  for (const { record, comparison, why } of repeated) {
    const verdict = comparison?.verdict ?? "not repeated";
    verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
    const { id, spec } = record;
    const run = `${id}, ${spec.trial ? "trial of " : ""}${methodName(spec)} on ${spec.task.name}, seed ${spec.seed}`;
    console.log([`${verdict}: ${run}`, ...comparison?.details ?? [], ...why].map(visible).join("; "));
  }
  const counts = [...verdicts].map(([verdict, count]) => `${count} ${verdict}`);
  console.log(`${counted(chosen.length, "run")}: ${counts.join(", ") || "none to repeat"}`);
  return unreadable.length > 0 || verdicts.has("different") || verdicts.has("not repeated") ? 1 : 0;
}

/** The runs to repeat. @throws {UsageError} if an id is unknown */
function choose(records: readonly AnyRecord[], ids: readonly string[], sample?: number): AnyRecord[] {
  const byId = Object.fromEntries(records.map((record) => [record.id, record]));
  const named = ids.length === 0 ? [...records] : ids.map((id) => lookUp("run", byId, id));
  return sample === undefined ? named : new Random(0, "verify").shuffle(named).slice(0, sample);
}

/** A run with what became of it. */
interface Repeated {
  record: AnyRecord;
  /** Absent where it could not be repeated. */
  comparison?: import("../reports/verify/compare.ts").Comparison;
  /** Why it could not be, or in what the environments differ. */
  why: string[];
}

/** Which files of a user's a run needs that do not lie where it is repeated, in sentences. */
async function filesLacking(record: AnyRecord): Promise<string[]> {
  const { studiesOf } = await import("../runs/study/rebuild.ts");
  const { needed } = studiesOf([record]);
  const isThere = await Promise.all(needed.map(({ path }) => exists(path)));
  return needed.filter((_, at) => !isThere[at]).map(({ path, what }) => `${path} must be ${what}`);
}

/** Trains each run again, in a folder that is removed afterwards. @param places of the plug-ins that studies name @param signal ends it */
async function repeat(
  chosen: readonly AnyRecord[],
  all: readonly AnyRecord[],
  places: ReadonlyMap<string, string>,
  signal: AbortSignal,
  jobs?: number,
): Promise<Repeated[]> {
  const { compareRuns, environmentDifferences } = await import("../reports/verify/compare.ts");
  const { studiesOf } = await import("../runs/study/rebuild.ts");
  const { readRecords } = await import("../runs/study/read-records.ts");
  const { bench } = await import("../runs/launch/launcher.ts");
  const { showProgress, standardError } = await import("./output/progress.ts");
  const onEvent = showProgress(standardError());
  const { temporaryFolder } = await import("../models/cache.ts");
  const out = await temporaryFolder("verify");
  const reasons = new Map<string, string>();
  try {
    for (const rebuilt of studiesOf(chosen).studies) {
      const study = { ...rebuilt, plugins: rebuilt.plugins?.map((path) => places.get(path)!) };
      const { failures } = await bench(study, { out, onEvent, jobs, signal, checkpoint: 0 });
      for (const { cell, reason } of failures) reasons.set(cell.id, reason);
    }
    const { records, trials } = await readRecords(out);
    const again = new Map([...records, ...trials].map((record) => [record.id, record]));
    return chosen.map((record) => {
      const repeated = again.get(record.id);
      if (repeated === undefined) {
        return { record, why: [reasons.get(record.id) ?? "its task, model or method has another version here"] };
      }
      const siblings = all.filter(({ setting }) => setting === record.setting);
      const comparison = compareRuns(record, repeated, siblings);
      return {
        record,
        comparison,
        why: comparison.verdict === "identical" ? [] : environmentDifferences(record.environment, repeated.environment),
      };
    });
  } finally {
    await Deno.remove(out, { recursive: true });
  }
}
