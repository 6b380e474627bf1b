/**
 * How two texts share the room that there is for both.
 * @module
 */

/** How many tokens of two texts stay if both together may have `room`: the longer text is cut until both are equally long. */
export function truncated(first: number, second: number, room: number): [number, number] {
  const shorter = Math.min(first, second, Math.floor(room / 2));
  const longer = Math.min(Math.max(first, second), room - shorter);
  return first <= second ? [shorter, longer] : [longer, shorter];
}
