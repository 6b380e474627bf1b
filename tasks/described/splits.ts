/**
 * Which rows make which split of a task: those of its own file, of a part that it names, or half of them.
 * @module
 */
import { createHash } from "node:crypto";
import { shorten, suggestion } from "../../base/errors.ts";
import type { SplitName, SplitParts } from "./description.ts";

/** What is needed of a row. */
export interface PartRow {
  /** Names it: its part and its number. */
  id: string;
  /** The part that it belongs to. */
  part: string;
  /** Its label. */
  label: string;
}

const NAMES = ["pool", "train", "validation", "test"] as const;

/**
 * The rows of each split, in the order pool, train, validation, test.
 * @param name the task's, for messages
 * @param parts which part each split is; left out: each part is the split of its name
 * @throws {Error} if there is no such part, or if a part is no split
 */
export function splitsOfRows<R extends PartRow>(
  name: string,
  rows: readonly R[],
  parts?: SplitParts,
): [split: SplitName, rows: R[]][] {
  const byPart = Map.groupBy(rows, ({ part }) => part);
  const found = [...byPart.keys()];
  const chosen = parts ?? Object.fromEntries(found.map((part) => [splitNamed(name, part), part]));
  if (!parts && !["pool", "train"].some((split) => byPart.has(split))) {
    throw new Error(
      `Cannot use ${name}: a split must be train, its splits are ${found.map((part) => shorten(part)).join(", ")}`,
    );
  }
  return NAMES.flatMap((split): [SplitName, R[]][] => {
    const part = (chosen as Partial<Record<SplitName, string>>)[split];
    if (part === undefined) return [];
    const members = byPart.get(part);
    if (!members) {
      throw new Error(
        `Cannot use ${name}: its ${split} must be a part of the data, current value is ${shorten(part)}, ` +
          suggestion(part, found.map((other) => shorten(other))),
      );
    }
    return [[split, isHalved(chosen, split) ? halfOf(members, split) : members]];
  });
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
function halfOf<R extends PartRow>(rows: readonly R[], split: SplitName): R[] {
  const odd = split === "validation" ? 1 : 0;
  const chosen = new Set<R>();
  let at = 0;
  for (const same of Map.groupBy(rows, ({ label }) => label).values()) {
    for (const row of inHashOrder(same)) if (at++ % 2 === odd) chosen.add(row);
  }
  return rows.filter((row) => chosen.has(row));
}

function inHashOrder<R extends PartRow>(rows: readonly R[]): R[] {
  const hashed = rows.map((row) => ({
    row,
    hash: createHash("sha256").update(row.id).digest("hex"),
  }));
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
