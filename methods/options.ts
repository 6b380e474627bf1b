/**
 * Reading the options of a method.
 * @module
 */
import { z } from "zod";
import { nearest } from "../engine/nearest.ts";
import type { CommonOptions, Method } from "./types.ts";

/** The rule that a value breaks, as the end of a sentence about it. */
function rule(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "too_small":
      if (issue.origin === "array" || issue.origin === "string") return "must not be empty";
      return `must be ${issue.inclusive ? "at least" : "greater than"} ${issue.minimum}`;
    case "too_big":
      return `must be ${issue.inclusive ? "at most" : "less than"} ${issue.maximum}`;
    case "invalid_type":
      return `must be of type ${issue.expected}`;
    case "invalid_value":
      return `must be one of ${issue.values.join(", ")}`;
    default:
      return `must be valid (${issue.message})`;
  }
}

function complaint(issue: z.core.$ZodIssue, raw: unknown, known: string[]): string {
  if (issue.code === "unrecognized_keys") {
    const [key] = issue.keys;
    return `it has no option ${key}, the nearest is ${nearest(key, known)}`;
  }
  if (issue.code === "custom") return issue.message;
  const value = issue.path.reduce((inner, key) => (inner as Record<PropertyKey, unknown>)[key], raw);
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return `${issue.path.join(".") || "options"} ${rule(issue)}, current value is ${text}`;
}

/**
 * A method's options with defaults filled in.
 * @throws {Error} one sentence about the first option that is unknown or breaks a rule
 */
export function parseOptions<O extends CommonOptions>(method: Method<O>, raw: unknown): O {
  try {
    return method.options.parse(raw);
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    const known = Object.keys(method.options.parse({}));
    throw new Error(`Cannot use ${method.name}: ${complaint(error.issues[0], raw, known)}`);
  }
}
