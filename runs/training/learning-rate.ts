/**
 * The step size's course over a run.
 * @module
 */

/**
 * Factor of the step size at a step (from 0): rises linearly from 0 over the first `warmup` share of the steps, then
 * falls linearly to 0, which it would reach one step after the last.
 */
export function linearSchedule(step: number, steps: number, warmup: number): number {
  const warm = Math.ceil(warmup * steps);
  return step < warm ? step / warm : (steps - step) / Math.max(1, steps - warm);
}
