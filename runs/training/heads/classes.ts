/**
 * Classification: an answer is a class.
 * @module
 */
import { hashOfKey } from "../../../tasks/examples.ts";
import { metrics } from "../../../tasks/metrics.ts";
import type { Example, Task } from "../../../tasks/types.ts";
import { objectiveOf } from "../../programs/objective.ts";
import { lookUpMetrics } from "../evaluate.ts";
import type { HeadKind } from "./types.ts";

/** The kind of a task of classification. */
export function classes({ labels, metrics: names }: Task): HeadKind<Example, number> {
  const known = lookUpMetrics(metrics, names);
  const ofGroups = known.some(({ ofGroups }) => ofGroups);
  return {
    objective: objectiveOf("classification", labels.length),
    metrics: known,
    rightOf: ({ label }) => label,
    collate: (answers) => ({ data: Int32Array.from(answers), shape: [answers.length] }),
    // Of equal logits, the first.
    read: (logits) => logits.indexOf(Math.max(...logits)),
    lossOf(logits, label) {
      const greatest = Math.max(...logits);
      const sum = logits.reduce((total, logit) => total + Math.exp(logit - greatest), 0);
      return Math.log(sum) + greatest - logits[label];
    },
    constantOf: mostFrequentClass,
    constantName: "most frequent class",
    namesConstant: false,
    ...ofGroups && { groupOf },
    predictionOf: (example, predicted) => ({
      id: example.id,
      label: example.label,
      predicted,
      ...ofGroups && { group: groupOf(example) },
    }),
  };
}

/** A checksum of what an example has in common with others: that may be a whole document. */
function groupOf({ id, group }: Example): string {
  if (group !== undefined) return hashOfKey(group);
  throw new Error(`Cannot score groups: each example must be in one, ${id} is not`);
}

/** The most frequent class; of equally frequent ones, the smallest. */
function mostFrequentClass(labels: readonly number[]): number {
  const counts: number[] = [];
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  return counts.indexOf(Math.max(...counts.filter((count) => count !== undefined)));
}
