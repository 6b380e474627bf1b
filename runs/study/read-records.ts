/**
 * The records of a results folder.
 * @module
 */
import { basename } from "node:path";
import { shorten } from "../../base/errors.ts";
import { exists, lookedFor, readJson } from "../../base/files.ts";
import { checkRecord, checkTrial } from "./check-record.ts";
import { parseRecord, type RunRecord } from "./record.ts";
import { isTrial, parseTrial, type TrialRecord } from "./tuning/trial-record.ts";

/** A record with its file. */
export interface FoundRecord {
  /** The file. */
  path: string;
  /** What it holds. */
  record: RunRecord;
}

/** The record of a trial with its file. */
export interface FoundTrial {
  /** The file. */
  path: string;
  /** What it holds. */
  trial: TrialRecord;
}

/** A record that could not be read. */
export interface UnreadableRecord {
  /** The file. */
  path: string;
  /** Why. */
  reason: string;
}

/** What a results folder holds. */
export interface ReadRecords {
  /** Records sorted by file name, without those of trials. */
  records: RunRecord[];
  /** Records of trials, sorted by file name. */
  trials: TrialRecord[];
  /** Files that hold no valid record. */
  unreadable: UnreadableRecord[];
}

/** Bytes of the longest record that is read. */
const LONGEST = 1 << 28;

/** Why a record cannot be read, without its path, which is named beside it. */
function reasonOf({ message }: Error, path: string): string {
  return message.replace(`Cannot read ${path}: `, "");
}

/** Names of the files of records. @throws {Error} if the folder holds no runs */
async function listRecords(folder: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(`${folder}/runs`)) {
      if (entry.name.endsWith(".json")) names.push(entry.name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(`Cannot read results: ${folder} must hold a folder runs${lookedFor(folder)}`);
  }
  return names.sort();
}

/** Reads a record, of a trial or not. @throws {Error} as {@linkcode readRecord} */
async function readAny(path: string): Promise<FoundRecord | FoundTrial> {
  const value = await readJson(path, LONGEST);
  const found = isTrial(value) ? { path, trial: parseTrial(value) } : { path, record: parseRecord(value) };
  const { id } = found.trial ?? found.record;
  if (`${id}.json` !== basename(path)) throw new Error(`it holds run ${shorten(id)}`);
  if (found.trial) checkTrial(found.trial);
  else checkRecord(found.record);
  return found;
}

/**
 * Reads a record.
 * @throws {Error} if the file holds none, that of another run or of a trial, or one that contradicts itself
 */
export async function readRecord(path: string): Promise<RunRecord> {
  const found = await readAny(path);
  if ("trial" in found) throw new Error("it holds a trial");
  return found.record;
}

/** Reads the record of a trial. @throws {Error} as {@linkcode readRecord}, or if it is of no trial */
export async function readTrial(path: string): Promise<TrialRecord> {
  const found = await readAny(path);
  if ("trial" in found) return found.trial;
  throw new Error("it holds no trial");
}

/**
 * Reads the records of a results folder (`<folder>/runs/*.json`) one after the other, by file name: no more than one of them
 * has to be in memory. Unreadable ones, and those that contradict themselves, are told apart, never changed.
 * @throws {Error} if the folder holds no runs
 */
export async function* eachRecord(folder: string): AsyncGenerator<FoundRecord | FoundTrial | UnreadableRecord> {
  for (const name of await listRecords(folder)) {
    const path = `${folder}/runs/${name}`;
    try {
      yield await readAny(path);
    } catch (error) {
      yield { path, reason: reasonOf(error as Error, path) };
    }
  }
}

/**
 * Reads all records of a results folder, as {@linkcode eachRecord}.
 * @throws {Error} if the folder holds no runs
 */
export async function readRecords(folder: string): Promise<ReadRecords> {
  const result: ReadRecords = { records: [], trials: [], unreadable: [] };
  for await (const found of eachRecord(folder)) {
    if ("record" in found) result.records.push(found.record);
    else if ("trial" in found) result.trials.push(found.trial);
    else result.unreadable.push(found);
  }
  return result;
}

/** The number of files on failures that each cell of a results folder has, by its id. */
export async function countFailures(folder: string): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  // A folder that was put together by hand may have records alone.
  if (!await exists(`${folder}/failed`)) return counts;
  for await (const { name } of Deno.readDir(`${folder}/failed`)) {
    const { id, n } = /^(?<id>[0-9a-f]+)\.(?<n>\d+)\.json$/.exec(name)?.groups ?? {};
    if (id !== undefined) counts.set(id, Math.max(counts.get(id) ?? 0, Number(n)));
  }
  return counts;
}
