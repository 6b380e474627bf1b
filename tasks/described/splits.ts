/**
 * Which rows make which split of a task: those of its own file, of a part that it names, or half of them.
 * @module
 */
import { hash } from "node:crypto";
import { shorten, suggestion } from "../../base/errors.ts";
import type { SplitName, SplitParts } from "./description.ts";
import { Numbers } from "./rows/columns.ts";
import type { Rows } from "./rows/rows.ts";

const NAMES = ["pool", "train", "validation", "test"] as const;

/**
 * The indices of the rows of each split, in the order pool, train, validation, test.
 * @param name the task's, for messages
 * @param parts which part each split is; left out: each part is the split of its name
 * @throws {Error} if there is no such part, or if a part is no split
 */
export function splitsOfRows(
  name: string,
  rows: Rows,
  parts?: SplitParts,
): [split: SplitName, rows: Uint32Array][] {
  const byPart = partsOf(rows);
  const found = [...byPart.keys()];
  const chosen = parts ?? Object.fromEntries(found.map((part) => [splitNamed(name, part), part]));
  if (!parts && !["pool", "train"].some((split) => byPart.has(split))) {
    throw new Error(
      `Cannot use ${name}: a split must be train, its splits are ${found.map((part) => shorten(part)).join(", ")}`,
    );
  }
  return NAMES.flatMap((split): [SplitName, Uint32Array][] => {
    const part = (chosen as Partial<Record<SplitName, string>>)[split];
    if (part === undefined) return [];
    const members = byPart.get(part);
    if (!members) {
      throw new Error(
        `Cannot use ${name}: its ${split} must be a part of the data, current value is ${shorten(part)}, ` +
          suggestion(part, found.map((other) => shorten(other))),
      );
    }
    return [[split, isHalved(chosen, split) ? halfOf(rows, members, split) : members]];
  });
}

/** The indices of the rows of each part, in the order of their first rows. */
function partsOf(rows: Rows): Map<string, Uint32Array> {
  const members = new Map<string, Numbers>();
  for (let row = 0; row < rows.length; row++) {
    const part = rows.partOf(row);
    if (!members.has(part)) members.set(part, new Numbers());
    members.get(part)!.push(row);
  }
  return new Map([...members].map(([part, numbers]) => [part, numbers.all()]));
}

function splitNamed(name: string, part: string): SplitName {
  const split = NAMES.find((split) => split === part);
  if (split !== undefined) return split;
  throw new Error(
    `Cannot use ${name}: a row's split must be train, validation or test, current value is ${shorten(part)}; ` +
      '"splits" in a description says which is which',
  );
}

function isHalved({ validation, test }: Partial<SplitParts>, split: SplitName): boolean {
  return validation !== undefined && validation === test && (split === "validation" || split === "test");
}

/**
 * Every second row of each label for validation, the others for test: always the same, and in an order that looks random, as the rows of a
 * published split may stand in the order of their sources.
 */
function halfOf(rows: Rows, members: Uint32Array, split: SplitName): Uint32Array {
  const odd = split === "validation" ? 1 : 0;
  const chosen = new Set<number>();
  let at = 0;
  for (const same of Map.groupBy(members, (row) => rows.answerOf(row)).values()) {
    for (const row of inHashOrder(rows, same)) if (at++ % 2 === odd) chosen.add(row);
  }
  return members.filter((row) => chosen.has(row));
}

function inHashOrder(rows: Rows, members: readonly number[]): number[] {
  const hashed = members.map((row) => ({ row, hash: hash("sha256", rows.idOf(row)) }));
  return hashed.sort((a, b) => (a.hash < b.hash ? -1 : 1)).map(({ row }) => row);
}

/** In words, which rule makes the splits of named parts; undefined where each is a part of its own. */
export function ruleOf({ train, validation, test }: SplitParts): string | undefined {
  if (test === undefined) return `validation and test examples are drawn from ${train}`;
  if (validation === test) return `${test} is divided in halves: validation and test`;
  if (validation === undefined) return `${test} is the test set, and validation examples are drawn from ${train}`;
  return test === "test" && validation === "validation" && train === "train"
    ? undefined
    : `${train} is to train, ${validation} to validate, ${test} to test`;
}
