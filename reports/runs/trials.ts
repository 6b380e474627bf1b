/**
 * The trials of tuned runs, as their records name them.
 * @module
 */
import { type Axis, isAtEdge } from "../../base/search-space.ts";
import { valueInWords } from "../../runs/study/labels.ts";
import { type TunedOption, tunedOptions, valuesOf } from "../../runs/study/tuning/space.ts";
import type { TunedRecord } from "../../runs/study/tuning/tuned-record.ts";
import type { Run } from "./run.ts";
import { expectedGreatest } from "../statistics/expected-best.ts";
import { mean } from "../statistics/basics.ts";

/** A run that was tuned. */
export type TunedRun = Run & { tuning: TunedRecord };

/** The runs of a setting, if they were tuned; none otherwise. */
export function tunedRuns({ runs }: { runs: readonly Run[] }): TunedRun[] {
  return runs.filter((run): run is TunedRun => run.tuning !== undefined);
}

/** The value of a tuned option. */
export interface OptionValue {
  /** Its name, after that of the method's part where there are several. */
  name: string;
  /** Its values. */
  axis: Axis;
  /** The value. */
  value: unknown;
}

/** The tuned options of a run. */
function optionsOf({ spec }: TunedRun): TunedOption[] {
  return tunedOptions(spec.tuning!, spec.method.map(({ name }) => name));
}

function named({ spec }: TunedRun, { part, option, axis }: TunedOption, value: unknown): OptionValue {
  return { name: spec.method.length > 1 && option !== "epochs" ? `${part}.${option}` : option, axis, value };
}

/** The tuned options of a run with the values of its chosen trial. */
export function chosenValues(run: TunedRun): OptionValue[] {
  return optionsOf(run).map((tuned) =>
    named(run, tuned, run.tuning.method.find(({ name }) => name === tuned.part)?.options[tuned.option])
  );
}

/** The tuned options of a run with the values of one of its trials: they follow from the spec. */
export function trialValues(run: TunedRun, trial: number): OptionValue[] {
  const { method, seed, tuning } = run.spec;
  const values = valuesOf(tuning!, method.map(({ name }) => name), seed, trial);
  return optionsOf(run).map((tuned, at) =>
    named(
      run,
      tuned,
      trial === 0 ? method.find(({ name }) => name === tuned.part)?.options[tuned.option] : values[at].value,
    )
  );
}

/** "learningRate 0.003, epochs 4". */
export function valuesInWords(values: readonly OptionValue[]): string {
  return values.map(({ name, value }) => `${name} ${valueInWords(value ?? null)}`).join(", ");
}

/** Names of the options whose values lie at the edge of their space. */
export function edgesOf(values: readonly OptionValue[]): string[] {
  return values.filter(({ axis, value }) => isAtEdge(axis, value)).map(({ name }) => name);
}

/** The worst score that a metric can have: that of a trial that diverged. Of errors, which have no greatest, the worst of the others. */
function worstScore({ unit, direction }: Run["metrics"][number], scores: readonly (number | null)[]): number {
  if (unit === "error") return Math.max(...scores.map((score) => score ?? 0));
  if (direction === "higher") return unit === "fraction" ? 0 : -1;
  return 1;
}

/** The best validation score that so many of a run's trials are expected to reach. */
export function expectedBest({ tuning, metrics: [metric] }: TunedRun, trials: number): number {
  const sign = metric.direction === "higher" ? 1 : -1;
  const known = tuning.trials.map(({ score }) => score);
  const scores = known.map((score) => sign * (score ?? worstScore(metric, known)));
  return sign * expectedGreatest(scores, trials);
}

/** The mean of {@linkcode expectedBest} over the seeds of a setting; null where it has fewer trials, or was not tuned. */
export function meanExpectedBest(setting: { runs: readonly Run[] }, trials: number): number | null {
  const runs = tunedRuns(setting);
  if (runs.length === 0 || runs[0].tuning.trials.length < trials) return null;
  return mean(runs.map((run) => expectedBest(run, trials)));
}
