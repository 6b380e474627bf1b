/**
 * Data sets on the hub: how descriptions name them, and which of their files are which split.
 * @module
 */

import type { TaskDataset } from "../types.ts";
import type { Description, SplitParts } from "./description.ts";

/** The splits that a description reads where it names none. */
const SPLITS: SplitParts = { train: "train", validation: "validation", test: "test" };

/** Name of a data set's configuration where it has one alone. */
export const DEFAULT_CONFIG = "default";

/** The branch on which the hub keeps every data set as Parquet files. */
const PARQUET_BRANCH = "refs/convert/parquet";

/** The data set that is named hub:org/name or hub:org/name@revision; undefined if that is no such name. */
export function hubNameOf(data: string): Pick<TaskDataset, "name" | "revision"> | undefined {
  const [, name, revision = PARQUET_BRANCH] = /^hub:([^@]+)(?:@(.*))?$/.exec(data) ?? [];
  return name === undefined ? undefined : { name, revision };
}

/** The splits of a data set on the hub that a description reads; undefined if it reads files. */
export function datasetOf(
  { data, config = DEFAULT_CONFIG, splits = SPLITS }: Pick<Description, "data" | "config" | "splits">,
): TaskDataset | undefined {
  const dataset = typeof data === "string" ? hubNameOf(data) : undefined;
  const parts = [splits.train, splits.validation, splits.test].filter((part) => part !== undefined);
  return dataset && { ...dataset, config, splits: [...new Set(parts)] };
}

/**
 * The Parquet files of each split of a configuration, in the order of their names. On the branch for Parquet files that is
 * config/split/0000.parquet; in data sets that are Parquet themselves config/split-00000-of-00001.parquet, or data/ for the default one.
 * @param files paths in the data set
 */
export function splitFiles(files: readonly string[], config: string): Record<string, string[]> {
  const splits: Record<string, string[]> = {};
  for (const file of [...files].sort()) {
    const [folder, ...rest] = file.split("/");
    if (folder !== config && !(folder === "data" && config === DEFAULT_CONFIG)) continue;
    const split = rest.length === 2 && /^\d+\.parquet$/.test(rest[1])
      ? rest[0]
      : rest.length === 1
      ? /^(.+?)-\d+-of-\d+(?:-[0-9a-f]+)?\.parquet$/.exec(rest[0])?.[1]
      : undefined;
    if (split !== undefined) (splits[split] ??= []).push(file);
  }
  return splits;
}
