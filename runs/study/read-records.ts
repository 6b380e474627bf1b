/**
 * The records of a results folder.
 * @module
 */
import { basename } from "node:path";
import { shorten } from "../../base/errors.ts";
import { lookedFor, readJson } from "../../base/files.ts";
import { checkRecord } from "./check-record.ts";
import { parseRecord, type RunRecord } from "./record.ts";

/** A record with its file. */
export interface FoundRecord {
  /** The file. */
  path: string;
  /** What it holds. */
  record: RunRecord;
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
  /** Records sorted by file name. */
  records: RunRecord[];
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

/**
 * Reads a record.
 * @throws {Error} if the file holds none, that of another run, or one that contradicts itself
 */
export async function readRecord(path: string): Promise<RunRecord> {
  const record = parseRecord(await readJson(path, LONGEST));
  if (`${record.id}.json` !== basename(path)) throw new Error(`it holds run ${shorten(record.id)}`);
  checkRecord(record);
  return record;
}

/**
 * Reads the records of a results folder (`<folder>/runs/*.json`) one after the other, by file name: no more than one of them
 * has to be in memory. Unreadable ones, and those that contradict themselves, are told apart, never changed.
 * @throws {Error} if the folder holds no runs
 */
export async function* eachRecord(folder: string): AsyncGenerator<FoundRecord | UnreadableRecord> {
  for (const name of await listRecords(folder)) {
    const path = `${folder}/runs/${name}`;
    try {
      yield { path, record: await readRecord(path) };
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
  const result: ReadRecords = { records: [], unreadable: [] };
  for await (const found of eachRecord(folder)) {
    if ("record" in found) result.records.push(found.record);
    else result.unreadable.push(found);
  }
  return result;
}
