/**
 * Search spaces: the values that tuning may give to options.
 * @module
 */

/** Numbers from one to another. */
export interface Range {
  /** The least. */
  from: number;
  /** The greatest. */
  to: number;
  /** Equal factors are equally likely, as for a step size; left out: equal differences are. */
  log?: true;
  /** Whole numbers only. */
  whole?: true;
}

/** The values that an option may have: a range, or a list. */
export type Axis = Range | readonly (number | string | boolean | null)[];

/** The values of options, by the name of the option. */
export type Space = Readonly<Record<string, Axis>>;

/** Whether an axis is a list of values. */
export function isList(axis: Axis): axis is Exclude<Axis, Range> {
  return Array.isArray(axis);
}

/** The value at a place of an axis. @param place from 0 to below 1 */
export function valueAt(axis: Axis, place: number): unknown {
  if (isList(axis)) return axis[Math.floor(place * axis.length)];
  const { from, to, log, whole } = axis;
  const value = log ? from * (to / from) ** place : from + (to - from) * place;
  // Four digits are enough for any option, and can be read in a table.
  return whole ? Math.round(value) : Number(value.toPrecision(4));
}

/** Share of a range that counts as its edge, at either end. */
const EDGE = 0.1;

/**
 * Whether a value lies at the edge of an axis, or beyond it, so that better values may lie outside: in the first or the last
 * tenth of a range, or at an end of a list of three numbers or more.
 */
export function isAtEdge(axis: Axis, value: unknown): boolean {
  if (typeof value !== "number") return false;
  if (isList(axis)) {
    if (axis.length < 3 || !axis.every((one) => typeof one === "number")) return false;
    return value <= Math.min(...axis) || value >= Math.max(...axis);
  }
  const { from, to, log } = axis;
  const place = log ? Math.log(value / from) / Math.log(to / from) : (value - from) / (to - from);
  return !(place > EDGE && place < 1 - EDGE);
}

/** An axis in words: "0.001 to 0.1 by factors", "2, 4, 8". */
export function axisInWords(axis: Axis): string {
  if (isList(axis)) return axis.map((value) => value ?? "none").join(", ");
  return `${axis.from} to ${axis.to}${axis.log ? " by factors" : ""}`;
}
