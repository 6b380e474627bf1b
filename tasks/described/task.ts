/**
 * Tasks of descriptions: what specs and the table of tasks have of them.
 * @module
 */
import { basename } from "node:path";
import type { AnyTask, TextInput } from "../types.ts";
import type { DescribedSpec, Description } from "./description.ts";
import { DEFAULT_CONFIG } from "./hub-files.ts";
import { kindOf, metricsOfKind, taskOfKind } from "./kinds.ts";
import { labelText } from "./labels.ts";
import { dataOf, readDescribed, readTexts, type TableSources } from "./read.ts";
import { ruleOf } from "./splits.ts";

/** What records say where a description says nothing. */
const NONE_STATED = "none stated";

/** Where the files of a described task lie, by the part of the data: a split, the pool, or a split of a data set on the hub. */
export type TablePaths = Record<string, string[]>;

/** A described task as specs have it. */
export interface DescribedTask {
  /** Its name. */
  name: string;
  /** A number from 1 that grows with every change of the examples. */
  version: number;
  /** SHA-256 of its files by the part of the data. */
  files?: Record<string, string>;
  /** The data set on the hub that the files are from. */
  dataset?: { name: string; revision: string };
  /** What decides its examples. */
  described: DescribedSpec;
}

/** The labels that a description names, with the values that stand for them where these are others. */
export function labelsOf(
  { labels: named }: Pick<Description, "labels">,
): Partial<Pick<DescribedSpec, "labels" | "values">> {
  if (named === undefined) return {};
  if (Array.isArray(named)) return { labels: named.map(labelText) };
  return { labels: Object.values(named), values: Object.keys(named).map(labelText) };
}

/** A description as specs have it. @param labels the labels that were found, or named */
export function specOf(description: Description, labels: readonly string[]): DescribedSpec {
  const kind = kindOf(description);
  const {
    columns,
    separator,
    dialogue,
    speaker,
    placeholder,
    splits,
    encoding,
    missing,
    config,
    published,
    metrics = metricsOfKind(kind),
  } = description;
  const { description: question, labelling, licence, citation } = description;
  const remarks = Object.entries({ description: question, labelling, licence, citation });
  return {
    ...kind && { kind },
    columns,
    ...separator !== undefined && { separator },
    ...labelsOf(description),
    ...splits && { splits },
    ...dialogue && { dialogue },
    ...speaker !== undefined && { speaker },
    ...placeholder !== undefined && { placeholder },
    ...encoding && { encoding },
    ...missing && { missing },
    labels: [...labels],
    ...config !== undefined && { config },
    metrics,
    ...published && { published },
    ...Object.fromEntries(remarks.filter(([, words]) => words !== undefined)),
  };
}

/**
 * A described task, as its spec has it.
 * @param paths where its files lie; its examples cannot be read without
 */
export function describedTask(
  { name, version, files = {}, dataset, described }: DescribedTask,
  paths: TablePaths = {},
): AnyTask {
  const { description, labelling, licence, citation } = described;
  const given = (): TableSources =>
    Object.fromEntries(
      Object.entries(files).map(([split, sha256]) => {
        if (!paths[split]) throw new Error(`Cannot read the task ${name}: the files of its ${split} must be given`);
        return [split, { paths: paths[split], sha256 }];
      }),
    );
  const common = {
    name,
    version,
    description: description ?? NONE_STATED,
    labelling: labelling ?? NONE_STATED,
    licence: licence ?? NONE_STATED,
    citation: citation ?? NONE_STATED,
    metrics: described.metrics,
    source: Object.entries(files).map(([split, sha256]) => ({
      path: dataset
        ? `${described.config ?? DEFAULT_CONFIG}/${split}`
        : paths[split]?.length === 1
        ? basename(paths[split][0])
        : split,
      sha256,
    })),
    ...described.splits && { rule: ruleOf(described.splits) },
    ...described.published && { published: described.published },
    readTexts: <E extends TextInput>(examples: readonly E[]) => readTexts(described, given(), examples),
  };
  return taskOfKind(common, described, async () => dataOf(await readDescribed(name, described, given())));
}
