/**
 * Choosing the linear maps that a method changes.
 * @module
 */
import { nearest } from "../../base/errors.ts";
import type { BackboneShape, LinearSite } from "../../models/types.ts";

/**
 * The linear maps of given roles, in the order of the forward pass.
 * @param method its name, for messages
 * @param option the option that gives the roles, for messages
 * @throws {Error} if the backbone has no such role
 */
export function sitesOf(shape: BackboneShape, wanted: readonly string[], method: string, option: string): LinearSite[] {
  const roles = new Set(shape.linears.map(({ role }) => role));
  for (const role of wanted) {
    if (!roles.has(role)) {
      throw new Error(
        `Cannot use ${method}: ${option} must be among ${[...roles].join(", ")}, current value is ${role}, ` +
          `the nearest is ${nearest(role, roles)}`,
      );
    }
  }
  return shape.linears.filter(({ role }) => wanted.includes(role));
}
