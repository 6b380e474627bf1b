/**
 * Rules of a contract, and the result of trying them.
 * @module
 */
import type { Definition } from "../define.ts";

/** One rule of a contract. */
export interface Check {
  /** The rule, as a sentence: "it starts as the backbone". */
  rule: string;
  /** Whether it is kept. */
  passed: boolean;
  /** What was found. */
  detail: string;
}

/** What was found of a definition. */
export interface Checked {
  /** What it is. */
  kind: Definition["kind"];
  /** Its name. */
  name: string;
  /** The rules, in the order in which they were tried. */
  checks: Check[];
}

/** A rule, and what tries it: it returns what was found, and throws where the rule is broken. */
export type Rule = [rule: string, attempt: () => Promise<string>];

/** Makes sure that something is as it must be. @throws {Error} with what was found, if it is not */
export function expect(isSo: boolean, found: string): asserts isSo {
  if (!isSo) throw new Error(found);
}
