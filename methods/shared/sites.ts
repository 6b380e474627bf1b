/**
 * Choosing the linear maps that a method changes.
 * @module
 */
import { nearest } from "../../base/errors.ts";
import type { BackboneShape, LinearSite } from "../../models/types.ts";

/**
 * Makes sure that a rank is one that the update of a matrix can have.
 * @param sites the linear maps that are adapted
 * @throws {Error} if it is greater than the smaller dimension of every matrix
 */
export function requireRank(method: string, rank: number, sites: readonly LinearSite[]): void {
  const most = Math.max(...sites.map((site) => Math.min(site.in, site.out)));
  if (rank <= most) return;
  throw new Error(
    `Cannot use ${method}: rank must be at most ${most}, the smaller dimension of the largest matrix that it adapts, ` +
      `current value is ${rank}`,
  );
}

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
