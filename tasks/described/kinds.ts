/**
 * What a description may say by the kind of its task, and the task that it makes.
 * @module
 */
import { shorten, suggestion } from "../../base/errors.ts";
import { defaultMetrics, metrics } from "../metrics.ts";
import { choiceMetrics } from "../metrics/choices.ts";
import { multiLabelMetrics } from "../metrics/multi-label.ts";
import { regressionMetrics } from "../metrics/regression.ts";
import { generationMetrics } from "../metrics/generation.ts";
import type {
  AnyTask,
  ChoiceExample,
  Example,
  GenerationExample,
  MultiLabelExample,
  RegressionExample,
  TaskData,
  TaskDescription,
} from "../types.ts";
import type { DescribedKind, DescribedSpec, Description } from "./description.ts";
import type { DescribedExample } from "./example.ts";

/** Every metric of the kinds besides classification. */
const METRICS: Record<DescribedKind, object> = {
  regression: regressionMetrics,
  "multi-label": multiLabelMetrics(1),
  "multiple choice": choiceMetrics,
  generation: generationMetrics,
};

/** Names of the metrics of a kind where a description names none; left out: of classification. */
export function metricsOfKind(kind?: DescribedKind): string[] {
  if (kind === undefined) return [...defaultMetrics];
  if (kind === "multiple choice") return ["accuracy"];
  return kind === "generation" ? ["bleu", "rouge_l"] : Object.keys(METRICS[kind]);
}

/** The kind as specs have it. */
export function kindOf({ kind }: Pick<Description, "kind">): DescribedKind | undefined {
  return kind === "classification" ? undefined : kind;
}

/** Makes sure that a description names what its kind of task has. @throws {Error} if it names something else */
export function requireOfKind(name: string, description: Description): void {
  const { kind = "classification", columns, labels, templates, words, separator } = description;
  const { dialogue, speaker, placeholder, metrics: named = [] } = description;
  const { label, references, choices, group } = columns;
  const refuse = (what: string, kinds: string) => {
    throw new Error(`Cannot use the task ${name}: ${what} is of the kind ${kinds}, its kind is ${kind}`);
  };
  const isAnswered = kind === "generation"
    ? label === undefined && (references || dialogue)
    : kind === "multiple choice"
    ? choices && (label || references)
    : label;
  if (!isAnswered) {
    throw new Error(
      `Cannot use the task ${name}: a task of generation has columns.references or is a dialogue, one of another kind has ` +
        "columns.label, of multiple choice columns.choices and columns.label or columns.references, " +
        `its kind is ${kind}`,
    );
  }
  if (kind !== "multiple choice" && choices) refuse("columns.choices", "multiple choice");
  if (kind !== "multiple choice" && placeholder !== undefined) refuse("placeholder", "multiple choice");
  if (placeholder !== undefined && columns.pair === undefined) {
    throw new Error(`Cannot use the task ${name}: placeholder is a part of columns.pair, that is missing`);
  }
  if (kind === "multiple choice" && references && labels) {
    throw new Error(`Cannot use the task ${name}: labels are of columns.label, it has columns.references`);
  }
  if (kind !== "generation" && dialogue) refuse("dialogue", "generation");
  if (speaker !== undefined && (!dialogue || references)) {
    throw new Error(
      `Cannot use the task ${name}: speaker says which turns of a dialogue are its answers, there must be a dialogue without ` +
        "columns.references",
    );
  }
  if (["regression", "generation"].includes(kind) && labels) {
    refuse("labels", "classification, multi-label or multiple choice");
  }
  if (kind !== "classification" && words) refuse("a word", "classification");
  if (kind !== "classification" && kind !== "multiple choice" && templates) {
    refuse("a template", "classification or multiple choice");
  }
  if (kind !== "multi-label" && separator !== undefined) refuse("separator", "multi-label");
  if (kind !== "multi-label" && Array.isArray(label)) refuse("a list of columns.label", "multi-label");
  if (Array.isArray(label) && (labels || separator !== undefined)) {
    throw new Error(
      `Cannot use the task ${name}: columns.label names its labels, labels and separator must be left out`,
    );
  }
  const known = Object.keys(kind === "classification" ? metrics : METRICS[kind]);
  const other = named.find((metric) => !known.includes(metric));
  if (other === undefined) {
    const ofGroups = kind === "classification" && named.find((metric) => metrics[metric].ofGroups);
    if (!ofGroups || group !== undefined) return;
    throw new Error(`Cannot use the task ${name}: columns.group must name what ${ofGroups} scores, it is missing`);
  }
  throw new Error(
    `Cannot use the task ${name}: its metrics must suit ${kind}, current value is ${shorten(other)}, ${
      suggestion(other, known)
    }`,
  );
}

/** The task of a kind. @param load reads its examples */
export function taskOfKind(
  common: TaskDescription,
  { kind, labels, dialogue, placeholder }: Pick<DescribedSpec, "kind" | "labels" | "dialogue" | "placeholder">,
  load: () => Promise<TaskData<DescribedExample>>,
): AnyTask {
  // The examples are those of the kind, as they were read by it.
  const loadAs = <E extends DescribedExample>() => load() as Promise<TaskData<E>>;
  switch (kind) {
    case "regression":
      return { ...common, kind, load: () => loadAs<RegressionExample>() };
    case "generation":
      return {
        ...common,
        kind,
        ...dialogue && { dialogue },
        load: () => loadAs<DescribedExample & GenerationExample>(),
      };
    case "multi-label":
      return { ...common, kind, labels, load: () => loadAs<MultiLabelExample>() };
    case "multiple choice":
      return {
        ...common,
        kind,
        ...placeholder !== undefined && { placeholder },
        load: () => loadAs<DescribedExample & ChoiceExample>(),
      };
    case undefined:
      return { ...common, kind: "classification", labels, load: () => loadAs<Example>() };
  }
}
