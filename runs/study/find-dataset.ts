/**
 * Finds the data sets of tasks on the hub.
 * @module
 */
import { join } from "node:path";
import { shorten } from "../../base/errors.ts";
import type { FetchedSnapshot } from "../../models/hub/fetch-files.ts";
import { parseHubName } from "../../models/hub/name.ts";
import { type FetchOptions, openSnapshot } from "../../models/hub/snapshot.ts";
import { splitFiles } from "../../tasks/described/hub-files.ts";
import type { TaskDataset } from "../../tasks/types.ts";
import { asHubUsageError, printNotice } from "./find-model.ts";

/**
 * The Parquet files of a data set's splits. Files that are not on this machine are downloaded.
 * @throws {UsageError} if the hub refuses it, or has no such files
 * @throws {Error} if it cannot be downloaded
 */
export function findDataset(
  { name, revision, config, splits }: TaskDataset,
  options?: FetchOptions,
): Promise<FetchedSnapshot> {
  return asHubUsageError(() => {
    parseHubName(`${name}@${revision}`, "data set");
    return openSnapshot(
      { kind: "dataset", name },
      revision,
      {
        key: [config, ...splits].join("+"),
        recursive: true,
        async choose(source) {
          const found = splitFiles(await source.names(), config);
          const missing = splits.find((split) => !Object.hasOwn(found, split));
          if (missing === undefined) return splits.flatMap((split) => found[split]);
          const names = Object.keys(found).map((split) => shorten(split)).join(", ") || "none";
          throw new Error(
            `Cannot use ${source.label}: it must have Parquet files of the split ${missing} of ${config}, it has ${names}; "splits" in a description says which are read`,
          );
        },
      },
      { say: printNotice, ...options },
    );
  });
}

/** The SHA-256 of each file of a snapshot. */
export function sumsOf({ files }: FetchedSnapshot): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([path, { sha256 }]) => [path, sha256]));
}

/** Where the files of each split lie. */
export function pathsOf({ folder, files }: FetchedSnapshot, { config }: TaskDataset): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(splitFiles(Object.keys(files), config)).map((
      [split, names],
    ) => [split, names.map((name) => join(folder, name))]),
  );
}
