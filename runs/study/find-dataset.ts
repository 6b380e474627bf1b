/**
 * Finds the data sets of tasks on the hub.
 * @module
 */
import { dirname } from "node:path";
import type { FetchedSnapshot } from "../../models/hub/fetch-files.ts";
import { type FetchOptions, openSnapshot } from "../../models/hub/snapshot.ts";
import type { TaskDescription } from "../../tasks/types.ts";
import { asHubUsageError, printNotice } from "./find-model.ts";

/**
 * The files of a task's data set at the latest commit of its main branch. Files that are not on this machine are downloaded.
 * @throws {UsageError} if the hub refuses it, or has no such files
 * @throws {Error} if it cannot be downloaded
 */
export function findDataset(
  { name, files }: NonNullable<TaskDescription["dataset"]>,
  options?: FetchOptions,
): Promise<FetchedSnapshot> {
  const folder = dirname(files[0]);
  return asHubUsageError(() =>
    openSnapshot(
      { kind: "dataset", name },
      "main",
      {
        key: folder,
        folder,
        async choose(source) {
          for (const file of files) {
            if (!await source.has(file)) throw new Error(`Cannot use ${source.label}: it has no file ${file}`);
          }
          return [...files];
        },
      },
      { say: printNotice, ...options },
    )
  );
}

/** The SHA-256 of each file of a snapshot. */
export function sumsOf({ files }: FetchedSnapshot): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([path, { sha256 }]) => [path, sha256]));
}
