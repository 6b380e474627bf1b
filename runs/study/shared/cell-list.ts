/**
 * The cells of the study that was asked for last, as a file of the results folder: by it `bench status` knows what is still to
 * do, without the models and task files that planning needs.
 * @module
 */
import { readText } from "../../../base/files.ts";
import { writeWhole } from "../../../base/write-files.ts";
import type { Cell } from "../cell.ts";
import { titlesOf } from "../labels.ts";

/** A line of the file. */
export interface ListedCell {
  /** Id of the run. */
  id: string;
  /** The cell as progress shows it: "lora on sentiment/amazon, seed 0". */
  title: string;
  /** How often it had failed before; left out at 0. */
  failures?: number;
}

/** Bytes of the longest list that is read: a million cells take half of it. */
const LONGEST = 1 << 28;

/** The file's name. */
export const CELL_LIST = "cells.jsonl";

/**
 * Writes the list.
 * @param out the results folder
 * @param failuresBefore how often cells have failed before, by id
 */
export async function writeCellList(
  out: string,
  cells: readonly Cell[],
  failuresBefore: ReadonlyMap<string, number>,
): Promise<void> {
  const titles = titlesOf(cells);
  const lines = cells.map(({ id }) => {
    const listed: ListedCell = { id, title: titles.get(id)!, failures: failuresBefore.get(id) };
    return `${JSON.stringify(listed)}\n`;
  });
  await writeWhole(`${out}/${CELL_LIST}`, lines.join(""));
}

/** Reads the list. @throws {Error} if there is none */
export async function readCellList(out: string): Promise<ListedCell[]> {
  const path = `${out}/${CELL_LIST}`;
  const lines = (await readText(path, LONGEST)).split("\n").filter((line) => line !== "");
  return lines.map((line, at) => {
    try {
      return JSON.parse(line);
    } catch {
      throw new Error(`Cannot read ${path}: each line must be JSON, line ${at + 1} is not`);
    }
  });
}
