/**
 * Results folders for tests of exports.
 * @module
 */
import type { RunRecord } from "../../../runs/study/record.ts";
import { writeFiles } from "../../in-folder.ts";

/** Writes records into a results folder. @returns the folder */
export async function store(folder: string, records: readonly RunRecord[]): Promise<string> {
  await writeFiles(folder, Object.fromEntries(records.map((record) => [`runs/${record.id}.json`, record])));
  return folder;
}
