/**
 * The runs of several results folders, each once.
 * @module
 */
import { createHash } from "node:crypto";
import { canonical, runId, type RunRecord } from "../../runs/study/record.ts";
import { eachRecord, type UnreadableRecord } from "../../runs/study/read-records.ts";
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

/** What results folders hold. */
export interface Collected {
  /** Each run once. */
  runs: Run[];
  /** Runs whose results differ. */
  conflicts: Conflict[];
  /** Records that could not be read, or are of a run that has another record. */
  unreadable: UnreadableRecord[];
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
  const byId = new Map<string, { run: Run; path: string; fingerprint: string }[]>();
  const unreadable: UnreadableRecord[] = [];
  for (const folder of new Set(folders)) {
    for await (const found of eachRecord(folder)) {
      if (!("record" in found)) {
        unreadable.push(found);
        continue;
      }
      const { path, record } = found;
      const entry = { run: reader.read(record), path, fingerprint: fingerprint(record) };
      byId.set(record.id, [...byId.get(record.id) ?? [], entry]);
    }
  }
  const conflicts: Conflict[] = [];
  const kept = [...byId.values()].map((entries) => {
    const key = ({ run, path }: typeof entries[number]) => `${run.environment.started} ${path}`;
    const [first, ...others] = entries.sort((a, b) => (key(a) < key(b) ? -1 : 1));
    for (const { run, path, fingerprint } of others) {
      if (fingerprint !== first.fingerprint) {
        conflicts.push({ run: first.run, path: first.path, other: run, otherPath: path });
      }
    }
    return first;
  });
  const runs: Run[] = [];
  // A run has two records where its model's folder was trained under two names while names were part of the id.
  for (const same of Map.groupBy(kept, ({ run }) => runId(run.spec)).values()) {
    const [first, ...others] = same.toSorted((a, b) => (a.run.id < b.run.id ? -1 : 1));
    runs.push(first.run);
    for (const { path } of others) {
      unreadable.push({ path, reason: `it is the run ${first.run.id}, of the same model under another name` });
    }
  }
  return { runs, conflicts, unreadable };
}
