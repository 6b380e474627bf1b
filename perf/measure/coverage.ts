/**
 * What the intervals and comparisons of reports cover, in simulated studies whose truth is known.
 * @module
 */
import { Random } from "../../base/random.ts";
import { type Interval, mean } from "../../reports/statistics/basics.ts";
import { compareSettings } from "../../reports/statistics/comparison.ts";
import { estimateMean, intervalOf } from "../../reports/statistics/estimate.ts";
import { jackknifeSample, pairSamples, type Sample, TestSet } from "../../reports/statistics/sample.ts";
import { metrics } from "../../tasks/metrics.ts";
import { percent, type Report, table } from "./report.ts";

/** Where the test examples of the seeds come from. */
export type Design = "pool" | "published";

/** Examples of the pool that every seed splits anew, of its test set, and of the published test set: those of the presets. */
const SIZES = { pool: 987, poolTest: 400, published: 277 };

/** Methods of a study. */
const METHODS = 8;

/**
 * Standard deviations of what moves the latent score of a run on an example, beside noise of 1: how hard the example is,
 * how hard it is for the method, the seed's training examples, the method's luck with the seed, and the seed's with the
 * example. The spread between seeds and the agreement of methods are then about those of the preset `quick`.
 */
const SPREAD = { example: 1.5, methodExample: 0.5, seed: 0.05, methodSeed: 0.08, seedExample: 0.4 };

const TOTAL_SPREAD = Math.sqrt(1 + Object.values(SPREAD).reduce((sum, value) => sum + value ** 2, 0));

/** Examples of a group, where a metric scores groups. */
const GROUP_SIZE = 3;

/** Share of the second of two classes. Unequal classes are what macro-F1 and Matthews correlation are for. */
const SECOND_CLASS = 0.3;

/**
 * Runs of a study of methods: samples by method, then by seed. An answer is right where the latent score is above 0.
 * @param metric name of what the runs are scored by
 * @param labels draws the true classes
 */
function simulateStudy(
  random: Random,
  design: Design,
  seeds: number,
  latentMeans: readonly number[],
  metric: string,
  labels: Random,
): Sample[][] {
  const { compute, leaveOneOut, ofGroups } = metrics[metric];
  const groupsOf = (places: readonly number[]) =>
    ofGroups && places.map((place) => `${Math.floor(place / GROUP_SIZE)}`);
  const unitsOf = (places: readonly number[]) => new TestSet([...new Set(groupsOf(places) || places.map(String))]);
  const poolSize = design === "pool" ? SIZES.pool : SIZES.published;
  const normals = (size: number, spread: number) => Float64Array.from({ length: size }, () => spread * random.normal());
  const hardness = normals(poolSize, SPREAD.example);
  const affinity = latentMeans.map(() => normals(poolSize, SPREAD.methodExample));
  const everything = Array.from({ length: poolSize }, (_, place) => place);
  const published = unitsOf(everything);
  const classes = everything.map(() => labels.uniform() < SECOND_CLASS ? 1 : 0);
  const samples: Sample[][] = latentMeans.map(() => []);
  for (let seed = 0; seed < seeds; seed++) {
    const places = design === "pool" ? random.shuffle(everything).slice(0, SIZES.poolTest) : everything;
    const test = design === "pool" ? unitsOf(places) : published;
    const groups = groupsOf(places);
    const shift = SPREAD.seed * random.normal();
    const moods = normals(poolSize, SPREAD.seedExample);
    const truth = places.map((place) => classes[place]);
    latentMeans.forEach((latentMean, method) => {
      const level = latentMean + shift + SPREAD.methodSeed * random.normal();
      const predicted = places.map((place) => {
        const right = level + hardness[place] + affinity[method][place] + moods[place] + random.normal() > 0;
        return right ? classes[place] : 1 - classes[place];
      });
      const without = leaveOneOut(truth, predicted, groups);
      samples[method].push(jackknifeSample(seed, test, compute(truth, predicted, groups), (unit) => without[unit]));
    });
  }
  return samples;
}

/** Shares of simulated studies, from 0 to 1. */
export interface Coverage {
  /** 95 % intervals of a method's mean that hold its expected accuracy. */
  means: number;
  /** 95 % intervals of the difference of two equal methods that hold 0. */
  differences: number;
  /** Studies of eight equal methods in which some are marked as below the best. */
  falselyBelow: number;
  /** Studies in which the one method that is 5 points below seven equal ones is marked so. */
  power: number;
}

/** Expected accuracy of the equal methods, as a latent mean: Φ(1) = 84 %. The worse method's is Φ(0.806) = 79 %. */
const EQUAL = 1 * TOTAL_SPREAD;
const WORSE = 0.806 * TOTAL_SPREAD;
const EXPECTED_ACCURACY = 0.841345;

/**
 * Simulates studies. What another score than accuracy is expected to be is the mean over all simulated runs of equal methods.
 * @param studies number of studies, of eight equal methods and as many in which one is worse
 * @param metric name of what the runs are scored by
 */
export function measureCoverageOf(design: Design, seeds: number, studies: number, metric: string): Coverage {
  const random = new Random(0, `coverage/${design}/${seeds}`);
  const labels = new Random(0, "coverage/labels");
  const intervals: (Interval & { mean: number })[] = [];
  const covered = { differences: 0, falselyBelow: 0, power: 0 };
  const compare = (samples: Sample[][]) =>
    compareSettings(samples.map((samples, method) => ({ id: String(method), samples })), "higher")!.best;
  for (let study = 0; study < studies; study++) {
    const equal = simulateStudy(random, design, seeds, Array(METHODS).fill(EQUAL), metric, labels);
    for (const samples of equal) {
      const estimate = estimateMean(samples);
      intervals.push({ mean: estimate.mean, ...intervalOf(estimate) });
    }
    for (let method = 0; method < METHODS; method += 2) {
      const { low, high } = intervalOf(estimateMean(pairSamples(equal[method], equal[method + 1])));
      if (low <= 0 && 0 <= high) covered.differences += 2 / METHODS;
    }
    if (compare(equal).size < METHODS) covered.falselyBelow++;
    const unequal = simulateStudy(random, design, seeds, [WORSE, ...Array(METHODS - 1).fill(EQUAL)], metric, labels);
    if (!compare(unequal).has("0")) covered.power++;
  }
  const expected = metric === "accuracy" ? EXPECTED_ACCURACY : mean(intervals.map(({ mean }) => mean));
  const means = intervals.filter(({ low, high }) => low <= expected && expected <= high).length;
  return {
    means: means / intervals.length,
    differences: covered.differences / studies,
    falselyBelow: covered.falselyBelow / studies,
    power: covered.power / studies,
  };
}

/** Studies of each kind that are simulated. */
const STUDIES = 1000;

/** Bounds of the shares, from 0 to 1. */
const BOUNDS = { covered: [0.93, 0.98], falselyBelow: 0.06 };

/** Simulates both designs at 3, 5 and 10 seeds, for a mean over examples and for scores that are none. */
export function measureCoverage(): Promise<Report> {
  const violations: string[] = [];
  const cases = Object.keys(metrics).flatMap((metric) =>
    (["pool", "published"] as const).flatMap((design) => [3, 5, 10].map((seeds) => ({ metric, design, seeds })))
  );
  const rows = cases.map(({ metric, design, seeds }) => {
    const coverage = measureCoverageOf(design, seeds, STUDIES, metric);
    const where = `${metric}, ${design}, ${seeds} seeds`;
    for (const kind of ["means", "differences"] as const) {
      if (coverage[kind] >= BOUNDS.covered[0] && coverage[kind] <= BOUNDS.covered[1]) continue;
      violations.push(`Intervals of ${kind} must cover 93 to 98 %, ${where}: ${(100 * coverage[kind]).toFixed(1)} %`);
    }
    if (coverage.falselyBelow > BOUNDS.falselyBelow) {
      violations.push(
        `Studies with an equal method marked must be at most 6 %, ${where}: ${percent(coverage.falselyBelow)}`,
      );
    }
    const show = (share: number) => (100 * share).toFixed(1);
    return {
      metric,
      "test examples": design === "pool" ? "drawn anew from a pool" : "published",
      seeds: String(seeds),
      "means covered %": show(coverage.means),
      "differences covered %": show(coverage.differences),
      "some equal method marked %": show(coverage.falselyBelow),
      "a method 5 points worse marked %": show(coverage.power),
    };
  });
  return Promise.resolve({ text: table(rows), violations });
}
