/**
 * Reading the options of a method.
 * @module
 */
import type { z } from "zod";
import { nearest } from "../engine/nearest.ts";
import type { CommonOptions, Method } from "./types.ts";

/** The rule that a value breaks, as the end of a sentence about it. */
function rule(issue: z.core.$ZodRawIssue): string {
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
      return `must be valid (${issue.code})`;
  }
}

/**
 * A method's options with defaults filled in.
 * @throws {Error} one sentence about the first option that is unknown or breaks a rule
 */
export function parseOptions<O extends CommonOptions>(method: Method<O>, raw: unknown): O {
  const result = method.options.safeParse(raw, {
    error: (issue) => {
      if (issue.code === "unrecognized_keys") {
        const [key] = issue.keys;
        return `it has no option ${key}, the nearest is ${nearest(key, Object.keys(method.options.parse({})))}`;
      }
      const value = typeof issue.input === "object" ? JSON.stringify(issue.input) : String(issue.input);
      return `${issue.path?.join(".") || "options"} ${rule(issue)}, current value is ${value}`;
    },
  });
  if (!result.success) throw new Error(`Cannot use ${method.name}: ${result.error.issues[0].message}`);
  return result.data;
}
