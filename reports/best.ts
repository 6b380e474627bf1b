/**
 * Which results are best, and printed bold.
 * @module
 */
import { mean, meanInterval } from "./statistics.ts";

/** The scores of a setting. */
export interface Scored {
  /** The setting's id. */
  id: string;
  /** Scores by seed. */
  scores: ReadonlyMap<number, number>;
}

/**
 * Ids of the setting with the best mean, and of those that do not differ significantly from it: the 95 % t interval of
 * the difference, paired by the seeds that both have (two at least), contains zero. Settings of one seed are left out,
 * since their spread is unknown.
 */
export function bestOf(settings: readonly Scored[], direction: "higher" | "lower"): Set<string> {
  const sign = direction === "higher" ? 1 : -1;
  const means = settings.filter(({ scores }) => scores.size > 1)
    .map((setting) => ({ setting, mean: sign * mean([...setting.scores.values()]) }));
  const greatest = Math.max(...means.map(({ mean }) => mean));
  const leaders = means.filter(({ mean }) => mean === greatest);
  const equals = means.filter(({ setting }) => leaders.some((leader) => isWithinNoise(setting, leader.setting)));
  return new Set([...leaders, ...equals].map(({ setting }) => setting.id));
}

function isWithinNoise(a: Scored, b: Scored): boolean {
  const seeds = [...a.scores.keys()].filter((seed) => b.scores.has(seed));
  const interval = meanInterval(seeds.map((seed) => a.scores.get(seed)! - b.scores.get(seed)!));
  return interval !== null && interval.low <= 0 && interval.high >= 0;
}
