/**
 * Tuning as studies and specs say it, and the points that its trials stand for.
 * @module
 */
import { UsageError } from "../../../base/errors.ts";
import { haltonCoordinate } from "../../../base/quasi-random.ts";
import { type Axis, type Space, valueAt } from "../../../base/search-space.ts";

/** What a study says of tuning. */
export interface Tuning {
  /** Trials of each method, task and seed; the first has the method's defaults. */
  trials: number;
  /** Spaces in the place of those that the methods declare, by the method's name. */
  spaces?: Record<string, Space>;
}

/** Tuning in a run's spec. */
export interface TuningSpec extends Pick<Tuning, "trials"> {
  /** The options that are tuned, by the method's part. */
  space: Record<string, Space>;
}

/** Most trials of a run. */
export const MOST_TRIALS = 1000;

/** Whether a number of trials makes sense: one would be the defaults alone, as without tuning. */
export function isTrialCount(count: number): boolean {
  return Number.isInteger(count) && count >= 2 && count <= MOST_TRIALS;
}

/** The rule of {@linkcode isTrialCount} in words. */
export const TRIALS_RULE = `must be a whole number from 2 to ${MOST_TRIALS}`;

/** A number of trials as written on the command line. @throws {UsageError} if it makes no sense */
export function parseTrials(text: string): number {
  if (/^\d{1,9}$/.test(text) && isTrialCount(Number(text))) return Number(text);
  throw new UsageError(`Cannot read --tune: it ${TRIALS_RULE}, current value is ${text}`);
}

/** An option that is tuned. */
export interface TunedOption {
  /** The method's part. */
  part: string;
  /** Name of the option. */
  option: string;
  /** Its values. */
  axis: Axis;
}

/**
 * The tuned options, in the order of the coordinates of a point: step sizes, epochs, then the others by name; of each the parts in
 * their order. So the same option has the same coordinate in most methods, and what matters most those that are spread best.
 */
export function tunedOptions({ space }: TuningSpec, parts: readonly string[]): TunedOption[] {
  const first = ["learningRate", "epochs"];
  const rank = ({ option }: TunedOption) => (first.indexOf(option) + first.length + 1) % (first.length + 1);
  const options = parts.flatMap((part) =>
    Object.entries(space[part] ?? {}).map(([option, axis]) => ({ part, option, axis }))
  );
  return options.sort((a, b) =>
    rank(a) - rank(b) || (rank(a) < 2 || a.option === b.option ? 0 : a.option < b.option ? -1 : 1)
  );
}

/**
 * The values of a trial. Trial 0 has none: it has the options of the spec, so that tuning never ends below them on the validation
 * examples. Trial t has those of point t − 1 of the seed's sequence, whatever the method: each seed has points of its own, so that
 * the chance in them is in the spread of the seeds.
 */
export function valuesOf(tuning: TuningSpec, parts: readonly string[], seed: number, trial: number): TunedValue[] {
  if (trial === 0) return [];
  return tunedOptions(tuning, parts).map(({ part, option, axis }, coordinate) => ({
    part,
    option,
    value: valueAt(axis, haltonCoordinate(seed, trial - 1, coordinate)),
  }));
}

/** The value of an option in a trial. */
export interface TunedValue extends Omit<TunedOption, "axis"> {
  /** The value. */
  value: unknown;
}
