/**
 * Methods and their options in words.
 * @module
 */
import { visible } from "../../base/errors.ts";
import { axisInWords } from "../../base/search-space.ts";
import type { Cell } from "./cell.ts";
import { methodName, type RunSpec } from "./spec.ts";

/** An option's value in words, on one line: lists are joined by commas; null and a list of nothing are "none". */
export function valueInWords(value: unknown): string {
  if (value === null || Array.isArray(value) && value.length === 0) return "none";
  if (Array.isArray(value)) return value.map(valueInWords).join(", ");
  if (typeof value === "object") return inWords(value as Record<string, unknown>, ", ");
  return visible(String(value));
}

/** An object in words: "device cpu; data train 300, test 400". */
export function inWords(value: Record<string, unknown>, separator = "; "): string {
  return Object.entries(value).map(([key, inner]) =>
    inner !== null && typeof inner === "object" && !Array.isArray(inner)
      ? `${key} ${inWords(inner as Record<string, unknown>, ", ")}`
      : `${key} ${valueInWords(inner)}`
  ).join(separator);
}

/** All options of a spec's method and of its training, in words: of those that are tuned, their space. */
export function optionsOf({ method, training: { epochs, headLearningRate }, head, tuning }: RunSpec): string[] {
  const space = tuning?.space ?? {};
  const ofEpochs = Object.values(space).find((axes) => Object.hasOwn(axes, "epochs"))?.epochs;
  const axisOf = (part: string, option: string) => option === "epochs" ? ofEpochs : space[part]?.[option];
  const inWords = (part: string, option: string, value: unknown) => {
    const axis = axisOf(part, option);
    return axis === undefined ? `${option} ${valueInWords(value)}` : `${option} tuned in ${axisInWords(axis)}`;
  };
  const parts = method.flatMap(({ name, options }) =>
    Object.entries(options)
      .filter(([option, value]) => value !== null || axisOf(name, option) !== undefined)
      // The epochs of the training are stated once.
      .filter(([option, value]) => !(option === "epochs" && value === epochs))
      .map(([option, value]) => `${method.length > 1 ? `${name}.` : ""}${inWords(name, option, value)}`)
  );
  const headOptions = headLearningRate === undefined ? [] : [`headLearningRate ${headLearningRate}`];
  const ofHead = head === undefined ? [] : [
    `template ${visible(JSON.stringify(head.template))}`,
    ...head.words.length === 0 ? [] : [`words ${head.words.map((words) => visible(words.join(" or "))).join(" / ")}`],
    ...head.normalise === undefined ? [] : [`normalise ${head.normalise}`],
  ];
  const trials = tuning === undefined ? [] : [`${tuning.trials} trials`];
  const plugins = method.flatMap(({ plugin }) => plugin === undefined ? [] : [`plug-in ${plugin.slice(0, 8)}`]);
  const ofTraining = epochs === 0 ? [] : [inWords("", "epochs", epochs)];
  return [...new Set([...parts, ...ofTraining, ...headOptions, ...ofHead, ...trials, ...plugins])].sort();
}

/** The number of trials in words. */
const TRIALS = /^\d+ trials$/;

/** A method with its options, in words. */
export interface NamedMethod {
  /** Its name: "lora+prompt-tuning". */
  method: string;
  /** All options of it and of its training: "rank 4". */
  options: readonly string[];
}

/** The template in words. */
const TEMPLATE = /^template /;

/**
 * The method's name, with the options that not all of its name share: "lora (rank 4)"; and, where not all of any name have the same, with its
 * template.
 */
export function labelOf({ method, options }: NamedMethod, all: readonly NamedMethod[]): string {
  const namesakes = all.filter((other) => other.method === method);
  const trialsOf = ({ options }: Pick<NamedMethod, "options">) => options.find((option) => TRIALS.test(option));
  const trials = trialsOf({ options });
  if (namesakes.length > 1 && namesakes.filter((other) => trialsOf(other) === trials).length === 1) {
    return `${method} (${trials === undefined ? "not tuned" : `tuned, ${trials}`})`;
  }
  const isShared = (option: string) => namesakes.every(({ options }) => options.includes(option));
  const templates = new Set(all.flatMap(({ options }) => options.filter((option) => TEMPLATE.test(option))));
  const distinguishing = options.filter((option) => !isShared(option) || templates.size > 1 && templates.has(option));
  return distinguishing.length > 0 ? `${method} (${distinguishing.join(", ")})` : method;
}

/** All options of a spec, those of its data and its other training options included, under the names that studies have for them. */
function allOptionsOf(spec: RunSpec): string[] {
  const { epochs: _, headLearningRate: __, ...training } = spec.training;
  const others = Object.entries({ data: spec.data, training }).flatMap(([key, values]) =>
    Object.entries(values).map(([name, value]) => `${key}.${name} ${valueInWords(value)}`)
  );
  return [...optionsOf(spec), ...others];
}

/** The label of each spec's method among those of the same task: with all options that differ, but for the seed. */
export function labelsOf(specs: readonly RunSpec[]): string[] {
  const labels = new Map<RunSpec, string>();
  for (const same of Map.groupBy(specs, ({ task }) => task.name).values()) {
    const named = same.map((spec) => ({ method: methodName(spec), options: allOptionsOf(spec) }));
    const different = [...new Map(named.map((one) => [JSON.stringify(one), one])).values()];
    const labelled = new Map(different.map((one) => [JSON.stringify(one), labelOf(one, different)]));
    same.forEach((spec, at) => labels.set(spec, labelled.get(JSON.stringify(named[at]))!));
  }
  return specs.map((spec) => labels.get(spec)!);
}

/**
 * Cells in the words of their user, by id: method, task and seed; the options in which methods of one name differ, and the
 * models where there are several.
 */
export function titlesOf(cells: readonly Cell[]): Map<string, string> {
  const labels = labelsOf(cells.map(({ spec }) => spec));
  const severalModels = new Set(cells.map(({ spec }) => spec.model.name)).size > 1;
  return new Map(cells.map(({ id, spec }, at) => {
    const model = severalModels ? `, ${spec.model.name}` : "";
    return [id, `${spec.trial ? "trial of " : ""}${labels[at]} on ${spec.task.name}${model}, seed ${spec.seed}`];
  }));
}
