/**
 * Hand-written prompts: one method that trains nothing, with several templates. How well a person's prompt does is their mean and spread, as
 * whoever writes one does not know which will be the best.
 * @module
 */
import { labelOf } from "../runs/study/labels.ts";
import { canonical } from "../runs/study/record.ts";
import { formatScore } from "./format.ts";
import type { Protocol, Setting } from "./results.ts";
import { mean, standardDeviation } from "./statistics/basics.ts";
import type { CellStyle, Table } from "./table.ts";
import type { Remark } from "./words.ts";

/** A method that trains nothing, with all its templates. */
export interface WrittenPrompts {
  /** The method, with the options in which it differs from others of its name; none of them is the template. */
  label: string;
  /** Its settings, one for each template, the best first. */
  settings: Setting[];
  /** Mean over the templates of the mean score over the seeds. */
  mean: number;
  /** Standard deviation over the templates. */
  deviation: number;
}

/** The template of a setting. */
export function templateOf({ runs: [{ spec }] }: Setting): string {
  return spec.head!.template;
}

/** The methods of a protocol that train nothing and were run with several templates. */
export function writtenPromptsOf({ settings }: Protocol): WrittenPrompts[] {
  const untrained = settings.filter(({ runs: [{ spec }] }) => spec.head && spec.training.epochs === 0);
  const groups = Map.groupBy(
    untrained,
    ({ runs: [{ spec: { method, head } }] }) => canonical([method, head!.words, head!.normalise ?? null]),
  ).values();
  const named = [...groups].filter(({ length }) => length > 1).map((same) => {
    const [{ method, options }] = same;
    const common = options.filter((option) => same.every(({ options }) => options.includes(option)));
    return { method, options: common, settings: same };
  });
  return named.map(({ settings, ...one }) => {
    const means = settings.map(({ mean }) => mean);
    return { label: labelOf(one, named), settings, mean: mean(means), deviation: standardDeviation(means)! };
  });
}

/** A row for each such method. */
export function writtenTableOf(protocol: Protocol, style: CellStyle): Table {
  const { unit } = protocol.settings[0].metric;
  const extreme = (setting: Setting) => style.text(`${formatScore(setting.mean, unit)}: ${templateOf(setting)}`);
  return {
    header: ["method", "templates", "mean", "sd", "least", "greatest"],
    rows: writtenPromptsOf(protocol).map(({ label, settings, mean, deviation }) => {
      const ordered = settings.toSorted((a, b) => a.mean - b.mean);
      return [
        style.text(label),
        String(settings.length),
        formatScore(mean, unit),
        formatScore(deviation, unit),
        extreme(ordered[0]),
        extreme(ordered.at(-1)!),
      ];
    }),
    align: ["left", "right", "right", "right", "left", "left"],
  };
}

/** What a reader should know of the table. */
export const WRITTEN_REMARKS: readonly Remark[] = [[
  "Mean and standard deviation over the templates, of each its mean over the seeds. The best of them was not known before: it is compared with trained " +
  "prompts only if the validation examples chose it",
]];
