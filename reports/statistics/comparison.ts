/**
 * Which settings of a table are told from the best.
 * @module
 */
import { mean } from "./basics.ts";
import { studentizedRangeTail } from "./distributions.ts";
import { type Estimate, estimateMean } from "./estimate.ts";
import { pairSamples, type Sample } from "./sample.ts";

/** The runs of a setting. */
export interface Compared {
  /** The setting's id. */
  id: string;
  /** One sample for each seed. */
  samples: readonly Sample[];
}

/** A paired difference of two settings. */
export interface Difference {
  /** Mean of `first` less that of `second`, over the seeds that are compared. */
  estimate: Estimate;
  /**
   * How probable so large a difference is between any two of the table's settings if all are equal, by the studentised
   * range (Tukey, 1953); null where one seed is all that is known.
   */
  p: number | null;
}

/** A table's comparison. */
export interface Comparison {
  /** The seeds that all compared settings have. */
  seeds: number[];
  /** Ids of the compared settings, the best mean over those seeds first. */
  ranking: string[];
  /** The difference of two compared settings. */
  difference(first: string, second: string): Difference;
  /** Ids of settings that are not told from the best at 5 % over all comparisons; none where seeds are too few to tell. */
  best: ReadonlySet<string>;
}

/** Level of the whole table's comparisons. */
export const LEVEL = 0.05;

/** Probability of a difference between any two of `count` equal settings that is as large as the estimated one. */
export function probabilityOf({ mean, variance, degrees }: Estimate, count: number): number {
  return studentizedRangeTail(Math.SQRT2 * Math.abs(mean) / Math.sqrt(variance), count, degrees);
}

/**
 * Compares settings on the seeds that all of them have. Settings of one seed stand aside where others have more. The
 * leader is chosen by looking at all means, so one is told from it only if the difference exceeds what the largest of all
 * differences would be if nothing differed.
 * @returns null if there are fewer than two settings, or no seed that all have with the same test examples
 */
export function compareSettings(settings: readonly Compared[], direction: "higher" | "lower"): Comparison | null {
  const several = settings.filter(({ samples }) => samples.length > 1);
  const compared = several.length > 0 ? several : settings;
  if (compared.length < 2) return null;
  const seeds = commonSeeds(compared);
  if (seeds.length === 0) return null;
  const onCommon = new Map(
    compared.map(({ id, samples }) => [id, samples.filter(({ seed }) => seeds.includes(seed))]),
  );
  const sign = direction === "higher" ? 1 : -1;
  const meanOf = (id: string) => sign * mean(onCommon.get(id)!.map(({ score }) => score));
  const ranking = [...onCommon.keys()].sort((a, b) => meanOf(b) - meanOf(a) || (a < b ? -1 : 1));
  const known = new Map<string, Difference>();
  const difference = (first: string, second: string): Difference => {
    const pair = JSON.stringify([first, second]);
    const found = known.get(pair) ?? estimateDifference(first, second);
    known.set(pair, found);
    return found;
  };
  const estimateDifference = (first: string, second: string): Difference => {
    const estimate = estimateMean(pairSamples(onCommon.get(first)!, onCommon.get(second)!));
    return { estimate, p: seeds.length < 2 ? null : probabilityOf(estimate, compared.length) };
  };
  const [leader, ...others] = ranking;
  const equals = others.filter((id) => difference(leader, id).p! >= LEVEL);
  return { seeds, ranking, difference, best: new Set(seeds.length < 2 ? [] : [leader, ...equals]) };
}

function commonSeeds(settings: readonly Compared[]): number[] {
  const [first, ...others] = settings;
  return first.samples.filter(({ seed, test }) =>
    others.every(({ samples }) => samples.some((sample) => sample.seed === seed && sample.test.equals(test)))
  ).map(({ seed }) => seed).sort((a, b) => a - b);
}
