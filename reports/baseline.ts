/**
 * What moved between two sets of results, beyond noise.
 * @module
 */
import { counted, visible } from "../base/errors.ts";
import { formatDifference } from "./format.ts";
import type { Results, Setting } from "./results.ts";
import { samplesOf } from "./runs/run.ts";
import { LEVEL } from "./statistics/comparison.ts";
import { studentTail } from "./statistics/distributions.ts";
import { type Estimate, estimateMean } from "./statistics/estimate.ts";
import { pairSamples } from "./statistics/sample.ts";
import { titleOf } from "./words.ts";

/** A setting that both results have. */
interface Moved {
  title: string;
  setting: Setting;
  estimate: Estimate;
}

/**
 * Compares results with earlier ones, setting by setting, on the seeds and test examples that both have.
 * @returns text for the terminal
 */
export function renderBaseline(results: Results, baseline: Results): string {
  const before = new Map(baseline.protocols.flatMap(({ settings }) => settings).map((each) => [each.id, each]));
  const settings = results.protocols.flatMap((protocol) =>
    protocol.settings.map((setting) => ({ title: titleOf(protocol, results.protocols), setting }))
  );
  const pairs = settings.flatMap(({ title, setting }) => {
    const other = before.get(setting.id);
    const samples = other
      ? pairSamples(samplesOf(setting.runs, setting.metric.name), samplesOf(other.runs, other.metric.name))
      : [];
    return samples.length > 0 ? [{ title, setting, samples }] : [];
  });
  const changed = pairs.filter(({ samples }) =>
    samples.some(({ score, deviations }) => score !== 0 || deviations.some((value) => value !== 0))
  ).map(({ samples, ...pair }): Moved => ({ ...pair, estimate: estimateMean(samples) }));
  const moved = changed.filter(({ estimate: { mean, variance, degrees } }) =>
    changed.length * studentTail(Math.abs(mean) / Math.sqrt(variance), degrees) < LEVEL
  );
  const lines = (list: readonly Moved[]) =>
    list.map(({ title, setting, estimate }) =>
      visible(`  ${title}: ${setting.label} ${formatDifference(estimate, setting.metric.unit)}`)
    ).map((line) => `  ${line}`);
  const missing = settings.length - pairs.length;
  return [
    `Against the baseline, ${counted(pairs.length, "setting")} on the same seeds and test examples:`,
    `- ${pairs.length - changed.length} with the same predictions`,
    `- ${changed.length - moved.length} changed within noise`,
    ...lines(changed.filter((each) => !moved.includes(each))),
    `- ${moved.length} moved beyond noise (5 % over all changed settings)`,
    ...lines(moved),
    ...missing > 0
      ? [`- ${missing} not compared: the baseline has no run of theirs with the same seed and test examples`]
      : [],
    "",
  ].join("\n");
}
