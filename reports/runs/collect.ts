/**
 * The runs of several results folders, each once.
 * @module
 */
import { createHash } from "node:crypto";
import { canonical, runId, type RunRecord } from "../../runs/study/record.ts";
import {
  countFailures,
  eachRecord,
  type FoundTrial,
  readRecord,
  type UnreadableRecord,
} from "../../runs/study/read-records.ts";
import { type Run, RunReader } from "./run.ts";

/** A run of which two folders hold different results. */
export interface Conflict {
  /** The run that counts: the one that started first. */
  run: Run;
  /** Its file. */
  path: string;
  /** The other. */
  other: Run;
  /** Its file. */
  otherPath: string;
}

/** Cells of a results folder that have failed and have no record. */
export interface FailedCells {
  /** The folder. */
  folder: string;
  /** Their number. */
  cells: number;
}

/** What results folders hold. */
export interface Collected {
  /** Each run once. */
  runs: Run[];
  /** The file of each. */
  paths: string[];
  /** Trials, each once, by id. */
  trials: FoundTrial[];
  /** Runs whose results differ. */
  conflicts: Conflict[];
  /** Records that could not be read, or are of a run that has another record. */
  unreadable: UnreadableRecord[];
  /** Cells without a record, by folder; only of folders that have some. */
  failed: FailedCells[];
}

/** Cells that have failed and that no folder has a record of. */
async function failedCells(folders: readonly string[], recorded: ReadonlySet<string>): Promise<FailedCells[]> {
  const counted = await Array.fromAsync(new Set(folders), async (folder) => {
    const failures = await countFailures(folder);
    return { folder, cells: [...failures.keys()].filter((id) => !recorded.has(id)).length };
  });
  return counted.filter(({ cells }) => cells > 0);
}

/**
 * What a run found out, without what differs each time it is run: time, memory, threads and start. FLOPs and
 * a model's citation follow from the spec, and were not in records of earlier versions, or were others.
 */
function fingerprint(record: RunRecord): string {
  const {
    time: _time,
    flops: _flops,
    model: { citation: _citation, ...model },
    memory,
    environment: { started: _started, threads: _threads, ...environment },
    ...rest
  } = record;
  // Where it ran is kept with the run that counts; the result is what has to agree.
  const { suite: _suite, ...place } = environment;
  return createHash("sha256").update(canonical({ ...rest, model, planned: memory.planned, place: place.device.name }))
    .digest("hex");
}

/**
 * Reads the records of results folders. A run that several folders hold with equal results counts once.
 * @throws {Error} if a folder has no folder `runs`
 */
export async function collectRuns(folders: readonly string[]): Promise<Collected> {
  const reader = new RunReader();
  const byId = new Map<string, { run: Run; path: string }[]>();
  const unreadable: UnreadableRecord[] = [];
  const trials = new Map<string, FoundTrial>();
  for (const folder of new Set(folders)) {
    for await (const found of eachRecord(folder)) {
      if ("trial" in found) {
        if (!trials.has(found.trial.id)) trials.set(found.trial.id, found);
        continue;
      }
      if (!("record" in found)) {
        unreadable.push(found);
        continue;
      }
      const entry = { run: reader.read(found.record), path: found.path };
      byId.set(found.record.id, [...byId.get(found.record.id) ?? [], entry]);
    }
  }
  const conflicts: Conflict[] = [];
  const kept: { run: Run; path: string }[] = [];
  for (const entries of byId.values()) {
    const key = ({ run, path }: typeof entries[number]) => `${run.environment.started} ${path}`;
    const [first, ...others] = entries.sort((a, b) => (key(a) < key(b) ? -1 : 1));
    kept.push(first);
    if (others.length === 0) continue;
    // Few runs have two records: these are read once more, rather than a fingerprint made of every record.
    const expected = fingerprint(await readRecord(first.path));
    for (const { run, path } of others) {
      if (fingerprint(await readRecord(path)) === expected) continue;
      conflicts.push({ run: first.run, path: first.path, other: run, otherPath: path });
    }
  }
  const runs: Run[] = [];
  const paths: string[] = [];
  // A run has two records where its model's folder was trained under two names while names were part of the id.
  for (const same of Map.groupBy(kept, ({ run }) => runId(run.spec)).values()) {
    const [first, ...others] = same.toSorted((a, b) => (a.run.id < b.run.id ? -1 : 1));
    runs.push(first.run);
    paths.push(first.path);
    for (const { path } of others) {
      unreadable.push({ path, reason: `it is the run ${first.run.id}, of the same model under another name` });
    }
  }
  const found = [...trials.values()].sort((a, b) => (a.trial.id < b.trial.id ? -1 : 1));
  const failed = await failedCells(folders, new Set([...byId.keys(), ...runs.map(({ id }) => id), ...trials.keys()]));
  return { runs, paths, trials: found, conflicts, unreadable, failed };
}
