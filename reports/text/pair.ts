/**
 * The test of two named methods, table by table: by seed, and by example.
 * @module
 */
import { lookUp, UsageError } from "../../base/errors.ts";
import { formatDifference, formatProbability, formatScore, MISSING } from "../format.ts";
import type { MetricUnit } from "../../runs/study/record.ts";
import type { Protocol, Results, Setting } from "../results.ts";
import { type Run, samplesOf } from "../runs/run.ts";
import { estimateMean } from "../statistics/estimate.ts";
import { bootstrapInterval, mcNemarTest, signFlipTest } from "../statistics/paired-tests.ts";
import { pairSamples, type Sample } from "../statistics/sample.ts";
import { plainTable } from "./terminal.ts";
import { titleOf } from "../words.ts";
import { rightnessOf } from "../../runs/study/predictions/answers.ts";

/** The row of a table with this label or, if there is none, the only one of this method. */
function rowOf({ settings }: Protocol, name: string): Setting | undefined {
  const ofMethod = settings.filter(({ method }) => method === name);
  return settings.find(({ label }) => label === name) ?? (ofMethod.length === 1 ? ofMethod[0] : undefined);
}

/**
 * Two names of rows that a comma joins; labels have commas of their own.
 * @throws {UsageError} if there is no comma
 */
export function splitPair({ protocols }: Results, text: string): [string, string] {
  const parts = text.split(",");
  const splits = parts.slice(1).map((_, at): [string, string] => [
    parts.slice(0, at + 1).join(",").trim(),
    parts.slice(at + 1).join(",").trim(),
  ]);
  if (splits.length === 0) {
    throw new UsageError(`Cannot compare: --compare must be two methods joined by a comma, current value is ${text}`);
  }
  const isRow = (name: string) => protocols.some((protocol) => rowOf(protocol, name));
  return splits.find((pair) => pair.every(isRow)) ?? splits.find((pair) => pair.some(isRow)) ?? splits[0];
}

/** @throws {UsageError} if no table has a row of this name, or if several rows of each have it */
function requireRow({ protocols }: Results, name: string): void {
  if (protocols.some((protocol) => rowOf(protocol, name))) return;
  const settings = protocols.flatMap(({ settings }) => settings);
  const ofMethod = new Set(settings.filter(({ method }) => method === name).map(({ label }) => label));
  if (ofMethod.size > 0) {
    throw new UsageError(
      `Cannot compare ${name}: it must be the name of one row of a table, it is that of ${[...ofMethod].join(" and ")}`,
    );
  }
  lookUp("method", Object.fromEntries(settings.map(({ label }) => [label, label])), name);
}

/**
 * Compares two methods in every table that has both.
 * @param names two methods, as tables label them, "lora (rank 4)"; "lora" where a table has one row of that method
 * @throws {UsageError} if no table has one of them, or if a table has several rows of that name
 */
export function renderPair(results: Results, names: readonly [string, string]): string {
  const { protocols } = results;
  for (const name of names) requireRow(results, name);
  const texts = protocols.flatMap((protocol) => {
    const [first, second] = names.map((name) => rowOf(protocol, name));
    return first && second ? [pairText(protocol, protocols, first, second)] : [];
  });
  return texts.length > 0 ? texts.join("\n") : `No table has both ${names.join(" and ")}.\n`;
}

function pairText(protocol: Protocol, all: readonly Protocol[], first: Setting, second: Setting): string {
  const { name, unit } = first.metric;
  const pairs = pairSamples(samplesOf(first.runs, name), samplesOf(second.runs, name));
  const title = `${titleOf(protocol, all)}: ${first.label} less ${second.label}, ${name}`;
  if (pairs.length === 0) return `${title}\nNot compared: they have no seed with the same test examples in common.\n`;
  const rows = pairs.map((pair) => {
    const runs = [first, second].map(({ runs }) => runs.find(({ spec }) => spec.seed === pair.seed)!);
    return seedRow(pair, runs as [Run, Run], unit);
  });
  return [
    title,
    plainTable({
      header: ["seed", "difference", "95 % by bootstrap", "only first right", "only second right", "McNemar p"],
      rows,
      align: ["right", "right", "right", "right", "right", "right"],
    }),
    ...pairs.length === 1
      ? [
        `One seed: ${
          formatDifference(estimateMean(pairs), unit)
        } for new examples; what other seeds would give is not known.`,
      ]
      : [
        `Mean over ${pairs.length} seeds: ${
          formatDifference(estimateMean(pairs), unit)
        } (95 %, for new seeds and new examples).`,
        signFlipText(pairs),
      ],
    "",
  ].join("\n");
}

function signFlipText(pairs: readonly Sample[]): string {
  const test = signFlipTest(pairs.map(({ score }) => score));
  if (test === null) return "Sign-flip test: not offered for more than 20 seeds.";
  const least = `the least that ${pairs.length} seeds can give is ${test.least.toPrecision(2)}`;
  return test.least > 0.05
    ? `Sign-flip test over seeds: not offered, as ${least}.`
    : `Sign-flip test over seeds: p = ${formatProbability(test.p)} (${least}).`;
}

/** A row of one seed: whether the two trained models differ on new examples, whatever other seeds would give. */
function seedRow(pair: Sample, [first, second]: [Run, Run], unit: MetricUnit): string[] {
  const interval = bootstrapInterval(
    pair.test.size,
    pair.seed,
    (places) => pair.score + places.reduce((sum, place) => sum + pair.deviations[place], 0) / places.length,
  );
  const [a, b] = [rightnessOf(first.answers), rightnessOf(second.answers)];
  const known = a !== null && b !== null;
  let [onlyFirst, onlySecond] = [0, 0];
  if (known) {
    for (let place = 0; place < a.length; place++) {
      if (a[place] && !b[place]) onlyFirst++;
      if (b[place] && !a[place]) onlySecond++;
    }
  }
  return [
    String(pair.seed),
    formatScore(pair.score, unit).replace("-", "−"),
    `${formatScore(interval.low, unit)} to ${formatScore(interval.high, unit)}`.replaceAll("-", "−"),
    known ? String(onlyFirst) : MISSING,
    known ? String(onlySecond) : MISSING,
    known ? formatProbability(mcNemarTest(onlyFirst, onlySecond)) : MISSING,
  ];
}
