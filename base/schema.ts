/**
 * What is wrong with a value that a zod schema refuses, as the end of a sentence.
 * @module
 */
import type { z } from "zod";
import { nearest, shorten, showValue } from "./errors.ts";

/** Beginnings of zod's own messages; other messages come from a schema. */
const ZOD_MESSAGE = /^(Invalid|Too|Unrecognized) /;

/** The rule that a value breaks: "must be at least 1". */
function ruleOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "too_small":
      if (issue.origin === "array" || issue.origin === "string") return "must not be empty";
      return `must be ${issue.inclusive ? "at least" : "greater than"} ${issue.minimum}`;
    case "too_big": {
      const most = `${issue.inclusive ? "at most" : "less than"} ${issue.maximum}`;
      return issue.origin === "array" || issue.origin === "string" ? `must have ${most} entries` : `must be ${most}`;
    }
    case "invalid_type":
      return `must be of type ${issue.expected}`;
    case "invalid_value":
      return `must be ${issue.values.length > 1 ? "one of " : ""}${issue.values.map(String).join(", ")}`;
    default:
      return `must be valid (${shorten(issue.message)})`;
  }
}

/**
 * The first thing that is wrong with a value: "rank must be at least 1, current value is 0".
 * @param error the schema's error
 * @param keysAt the keys that the schema knows at a path, to suggest the nearest
 * @internal
 */
export function describeFault(
  { issues: [issue] }: z.ZodError,
  value: unknown,
  keysAt: (path: readonly PropertyKey[]) => readonly string[] = () => [],
): string {
  const place = shorten(issue.path.map(String).join("."));
  if (issue.code === "unrecognized_keys") {
    const [key] = issue.keys;
    const known = keysAt(issue.path);
    const hint = known.length > 0 ? `, the nearest name is ${nearest(key, known)}` : "";
    return `${place === "" ? "" : `${place}: `}there is no key ${shorten(key)}${hint}`;
  }
  const current = issue.path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown>)?.[key], value);
  const end = `, current value is ${showValue(current)}`;
  if (ZOD_MESSAGE.test(issue.message)) return `${place || "it"} ${ruleOf(issue)}${end}`;
  // A message that a schema gives for the whole value is a complete sentence.
  if (issue.code === "custom" && place === "") return issue.message;
  return `${place || "it"}${issue.message.startsWith("must ") ? " " : ": "}${issue.message}${end}`;
}
