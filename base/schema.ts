/**
 * What is wrong with a value that a zod schema refuses, as the end of a sentence.
 * @module
 */
import type { z } from "zod";
import { shorten, showValue, suggestion } from "./errors.ts";

/** Beginnings of zod's own messages; other messages come from a schema. */
const ZOD_MESSAGE = /^(Invalid|Too|Unrecognized) /;

/** What a value must be, by zod's names of types; those left out are words already. */
const TYPES: Record<string, string> = {
  array: "a list",
  tuple: "a list",
  string: "a text",
  number: "a number",
  int: "a whole number",
  object: "an object",
  record: "an object",
  boolean: "true or false",
  undefined: "left out",
};

/** What the sizes of a list or a text count. */
const ENTRIES: Record<string, string> = { array: "entries", string: "characters" };

/** The rule that a value breaks: "must be at least 1". */
function ruleOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "too_small": {
      const entries = ENTRIES[issue.origin];
      if (entries) return issue.minimum === 1 ? "must not be empty" : `must have at least ${issue.minimum} ${entries}`;
      return `must be ${issue.inclusive ? "at least" : "greater than"} ${issue.minimum}`;
    }
    case "too_big": {
      const most = `${issue.inclusive ? "at most" : "less than"} ${issue.maximum}`;
      return ENTRIES[issue.origin] ? `must have ${most} ${ENTRIES[issue.origin]}` : `must be ${most}`;
    }
    case "invalid_type":
      return `must be ${TYPES[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return mustBeOneOf(issue.values);
    case "invalid_union":
      if ("options" in issue) return mustBeOneOf(issue.options as unknown[]);
      return `must be ${issue.errors.map(([first]) => statedRule(first).replace(/^must (be )?/, "")).join(", or ")}`;
    default:
      return "must have another form";
  }
}

/** The rule in the schema's own words, where it has any. */
function statedRule(issue: z.core.$ZodIssue): string {
  return issue.message.startsWith("must ") ? issue.message : ruleOf(issue);
}

function mustBeOneOf(values: readonly unknown[]): string {
  return `must be ${values.length > 1 ? "one of " : ""}${values.map((value) => shorten(String(value))).join(", ")}`;
}

/** The fault inside the form that a value of several possible forms is nearest to: the one whose fault lies deepest. */
function innermost(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== "invalid_union" || issue.errors.length === 0 || !ZOD_MESSAGE.test(issue.message)) return issue;
  const faults = issue.errors.map(([first]) => innermost(first));
  const deepest = faults.reduce((best, fault) => (fault.path.length > best.path.length ? fault : best));
  return deepest.path.length === 0 ? issue : { ...deepest, path: [...issue.path, ...deepest.path] };
}

/**
 * Where the first thing that is wrong lies in a value.
 * @internal
 */
export function faultPath({ issues: [first] }: z.ZodError): readonly PropertyKey[] {
  const issue = innermost(first);
  return issue.code === "unrecognized_keys" ? [...issue.path, issue.keys[0]] : issue.path;
}

/**
 * The first thing that is wrong with a value: "rank must be at least 1, current value is 0".
 * @param error the schema's error
 * @param keysAt the keys that the schema knows at a path, to suggest the nearest
 * @internal
 */
export function describeFault(
  { issues: [first] }: z.ZodError,
  value: unknown,
  keysAt: (path: readonly PropertyKey[]) => readonly string[] = () => [],
): string {
  const issue = innermost(first);
  const place = shorten(issue.path.map(String).join("."));
  if (issue.code === "unrecognized_keys") {
    const [key] = issue.keys;
    const known = keysAt(issue.path);
    const hint = known.length > 0 ? `, ${suggestion(key, known)}` : "";
    return `${place === "" ? "" : `${place}: `}there is no key ${shorten(key)}${hint}`;
  }
  const current = issue.path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown>)?.[key], value);
  const end = `, current value is ${showValue(current)}`;
  if (ZOD_MESSAGE.test(issue.message)) return `${place || "it"} ${ruleOf(issue)}${end}`;
  // A message that a schema gives for the whole value is a complete sentence.
  if (issue.code === "custom" && place === "") return issue.message;
  return `${place || "it"}${issue.message.startsWith("must ") ? " " : ": "}${issue.message}${end}`;
}
