/**
 * Reading the options of a method.
 * @module
 */
import { z } from "zod";
import { describeFault } from "../base/schema.ts";
import type { CommonOptions, Method } from "./types.ts";

/**
 * A method's options with defaults filled in.
 * @throws {Error} one sentence about the first option that is unknown or breaks a rule
 */
export function parseOptions<O extends CommonOptions>(method: Method<O>, raw: unknown): O {
  try {
    return method.options.parse(raw);
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    throw new Error(
      `Cannot use ${method.name}: ${describeFault(error, raw, () => Object.keys(method.options.parse({})))}`,
    );
  }
}
