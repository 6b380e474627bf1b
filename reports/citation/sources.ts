/**
 * The sources of results: the suite, and every model, data set, method, metric and statistic that they use.
 * @module
 */
import { methods } from "../../methods/mod.ts";
import { parseHubName } from "../../models/hub/name.ts";
import { architectures } from "../../models/mod.ts";
import { canonical, type RunRecord } from "../../runs/study/record.ts";
import { findWorks } from "./find-works.ts";
import { plain } from "./plain-text.ts";
import type { Work } from "./work.ts";
import { metricWorks, type StatisticCondition, statistics } from "./works/measures.ts";

/** What of a record names its sources. */
export type CitedRun = Pick<RunRecord, "spec" | "task" | "model" | "papers" | "metrics" | "flops" | "environment">;

/** What a source is. */
export type SourceRole = "suite" | "model" | "architecture" | "data set" | "method" | "metric" | "statistic";

/** A source of results. */
export interface Source {
  /** What it is. */
  role: SourceRole;
  /** Its name in the records. */
  name: string;
  /** Its version, as the records have it. */
  version?: string;
  /** Its licence, as the records have it. */
  licence?: string;
  /** Its papers, and itself if it can be found. */
  works: Work[];
  /** What a reader should know of these works, or why there are none. */
  note?: string;
}

/** Metrics that are means over the examples; others are judged by pseudo-values. */
const MEANS = [
  ...["accuracy", "mse", "exact_match"],
  ...["rouge_1", "rouge_2", "rouge_l", "rouge_lsum", "answer_match", "answer_f1", "final_number"],
];

/**
 * The sources of records, in the order suite, models, data sets, methods, metrics, statistics, each by name. The order of the
 * records does not matter.
 * @param suite TuneBench as a work
 */
export function sourcesOf(records: readonly CitedRun[], suite: Work): Source[] {
  const sources = [
    ...distinct(records, (record) => [suiteSource(record, suite)]),
    ...distinct(records, modelSources),
    ...distinct(records, (record) => [taskSource(record)]),
    ...distinct(records, methodSources),
    ...distinct(records, metricSources),
  ];
  return [...sources, ...statisticSources(records)];
}

/** A source in words: "data set rte, version 1, licence unknown". */
export function describeSource({ role, name, version, licence, note }: Source): string {
  const versionText = version === undefined ? "" : `, version ${version}`;
  const licenceText = licence === undefined ? "" : `, licence ${licence}`;
  return plain(`${role} ${name}${versionText}${licenceText}${note === undefined ? "" : ` (${note})`}`);
}

/** The sources of all records, each once, by their name. */
function distinct(records: readonly CitedRun[], sourcesOf: (record: CitedRun) => Source[]): Source[] {
  const sources = records.flatMap(sourcesOf).map((source) => [canonical(source), source] as const);
  const keyOf = ([key, { name }]: readonly [string, Source]) => `${name}\n${key}`;
  return [...new Map(sources)].sort((a, b) => keyOf(a) < keyOf(b) ? -1 : 1).map(([, source]) => source);
}

function suiteSource({ environment }: CitedRun, suite: Work): Source {
  const { version, commit } = environment.suite;
  const works = [{ ...suite, version: plain(version) }];
  const { title: name, licence } = suite;
  return { role: "suite", name, version: commit === null ? version : `${version}, commit ${commit}`, licence, works };
}

/**
 * A model, and where neither it nor its card names a paper, its architecture. Records of folders and of models of the hub that
 * were made before model cards were read for a citation name the architecture's paper as the model's.
 */
function modelSources({ spec, model }: CitedRun): Source[] {
  const { name, revision } = spec.model;
  const [, architecture] = /^none in its model card; architecture: (.+)$/su.exec(model.citation) ?? [];
  const former = isOther(spec.model) &&
    Object.values(architectures).some(({ citation }) => citation === model.citation);
  const itself = { role: "model" as const, name, version: revision, licence: model.licence };
  const own = isOther(spec.model) ? [modelItself(spec.model, model.licence)] : [];
  if (architecture === undefined && !former) return [{ ...itself, works: [...own, ...findWorks(model.citation)] }];
  return [
    { ...itself, works: own, note: "no paper of its own is known" },
    { role: "architecture", name: `of ${name}`, works: findWorks(architecture ?? model.citation) },
  ];
}

/** Whether a model is none of TuneBench's table: its revision is a checksum or a commit. */
function isOther({ revision }: CitedRun["spec"]["model"]): boolean {
  return /^[0-9a-f]{40}([0-9a-f]{24})?$/.test(revision);
}

/** A model of the hub, or of a folder, as a work. */
function modelItself({ name, revision }: CitedRun["spec"]["model"], licence: string): Work {
  const title = plain(name);
  const common = { kind: "software" as const, title, version: revision, licence: plain(licence) };
  try {
    const { repository } = parseHubName(name);
    const url = `https://huggingface.co/${repository}/tree/${revision}`;
    return { ...common, authors: [{ name: repository.split("/")[0] }], url };
  } catch {
    // It is the name of a folder, which says nothing of where the model is from.
    return { ...common, authors: [] };
  }
}

function taskSource({ spec, task }: CitedRun): Source {
  const { name, version, dataset, described } = spec.task;
  const from = dataset === undefined ? "" : `, from ${dataset.name}@${dataset.revision}`;
  const source = { role: "data set" as const, name, version: `${version}${from}`, licence: task.licence };
  return described && described.citation === undefined
    ? { ...source, works: [], note: "its description names no work" }
    : { ...source, works: worksOfUsers(task.citation) };
}

/** What a user says is to be cited; "none", also with a reason behind it, is nothing. */
function worksOfUsers(citation = ""): Work[] {
  return /^none *($|[:;,.])/i.test(citation.trim()) ? [] : findWorks(citation);
}

function methodSources({ spec, papers = {} }: CitedRun): Source[] {
  return spec.method.map(({ name, version = 1, plugin }): Source => {
    if (plugin !== undefined) {
      const of = `${version} of the plug-in with the SHA-256 ${plugin}`;
      return { role: "method", name, version: of, works: worksOfUsers(papers[name]) };
    }
    const source = { role: "method" as const, name, version: String(version) };
    if (!Object.hasOwn(methods, name)) {
      return { ...source, works: [], note: "this TuneBench does not know the method, so its paper is not known" };
    }
    const { paper, version: known = 1 } = methods[name];
    const note = known === version ? {} : { note: `this TuneBench has version ${known}` };
    return { ...source, works: findWorks(paper), ...note };
  });
}

function metricSources({ metrics }: CitedRun): Source[] {
  return metrics.map(({ name }) =>
    Object.hasOwn(metricWorks, name)
      ? { role: "metric" as const, name, works: [...metricWorks[name]] }
      : { role: "metric" as const, name, works: [], note: "this TuneBench does not know the metric" }
  ).filter(({ name, works }) => works.length > 0 || !Object.hasOwn(metricWorks, name));
}

function statisticSources(records: readonly CitedRun[]): Source[] {
  const counts = (key: (record: CitedRun) => string) => new Set(records.map(key)).size;
  const conditions: Record<StatisticCondition, boolean> = {
    "seeds": counts(({ spec }) => String(spec.seed)) > 1,
    "methods": counts(({ spec }) => canonical(spec.method)) > 1,
    "pseudo-values": records.some(({ metrics }) => metrics.some(({ name }) => !MEANS.includes(name))),
    "FLOPs": records.some(({ flops }) => flops !== undefined),
    "tasks": counts(({ spec }) => spec.task.name) > 1,
  };
  return statistics.filter(({ needs }) => conditions[needs])
    .map(({ name, works }) => ({ role: "statistic" as const, name, works: [...works] }));
}
