/**
 * Flags that describe a file of rows, where a description would be a file more.
 * @module
 */
import type { Command } from "commander";
import { UsageError } from "../base/errors.ts";
import type { Study } from "../runs/study/study.ts";

/** The flags. */
export interface TaskFlags {
  /** Column of the text. */
  text?: string;
  /** Column of the second text. */
  pair?: string;
  /** Column of the label. */
  label?: string;
  /** Encoding of the file. */
  encoding?: string;
  /** Whether rows without a text or a label are passed over. */
  dropMissing?: true;
}

/** Adds the flags. */
export function withTaskFlags(command: Command): Command {
  return command
    .option("--text <column>", "of a CSV, TSV, JSON lines or Parquet file: the column of the text")
    .option("--pair <column>", "the column of the second text, where examples are pairs")
    .option("--label <column>", "the column of the label")
    .option("--encoding <name>", "its encoding: utf-8, utf-16le, utf-16be or latin-1")
    .option("--drop-missing", "pass over rows without a text or a label");
}

/**
 * The tasks of a study, its files of rows described by flags.
 * @throws {UsageError} if flags are given for no such file, or are out of range
 */
export async function describeTables(
  entries: Study["tasks"],
  { text, pair, label, encoding, dropMissing }: TaskFlags,
): Promise<Study["tasks"]> {
  const given = Object.entries({ "--text": text, "--pair": pair, "--label": label, "--encoding": encoding })
    .filter(([, value]) => value !== undefined).map(([flag]) => flag);
  if (dropMissing) given.push("--drop-missing");
  if (given.length === 0) return entries;
  const { parseDescription } = await import("../tasks/described/described.ts");
  const { isTablePath } = await import("../tasks/described/table.ts");
  const isTable = (entry: Study["tasks"][number]): entry is string => typeof entry === "string" && isTablePath(entry);
  const shown = entries.map((entry) => typeof entry === "string" ? entry : entry.name ?? "a description").join(", ");
  if (!entries.some(isTable)) {
    throw new UsageError(
      `Cannot use ${given[0]}: --tasks must name a file of rows such as ./reviews.csv, current value is ${shown}`,
    );
  }
  if (text === undefined || label === undefined) {
    throw new UsageError(
      `Cannot use ${shown}: --text and --label must name columns, ${
        text === undefined ? "--text" : "--label"
      } is missing`,
    );
  }
  return entries.map((entry) =>
    isTable(entry)
      ? parseDescription({
        data: entry,
        columns: { text, ...pair !== undefined && { pair }, label },
        ...encoding !== undefined && { encoding },
        ...dropMissing && { missing: "drop" },
      })
      : entry
  );
}
