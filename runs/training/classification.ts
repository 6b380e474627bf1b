/**
 * Classification: a classifier on the backbone's features, trained together with the method.
 * @module
 */
import { storeFrozen } from "../programs/frozen.ts";
import type { Executable } from "../../engine/types.ts";
import { compose, type Part } from "../../methods/adaptation/compose.ts";
import { inferenceParts } from "../../methods/adaptation/inference-parts.ts";
import type { Backbone } from "../../models/types.ts";
import { metrics } from "../../tasks/metrics.ts";
import type { Example, Metric, Task } from "../../tasks/types.ts";
import type { NoScores } from "../study/record.ts";
import { lookUpMetrics, predict, score } from "./evaluate.ts";
import { computeFeatures, type EncodedExamples, encodeExamples } from "./examples.ts";
import type { Evaluator, TaskContext, TrainingTask } from "./training-task.ts";
import type { Splits } from "./split.ts";
import { trainableClassifier } from "../programs/classifier.ts";

/** Texts whose features are compared with the backbone's before the first step. */
const IDENTITY_TEXTS = 8;

/** The majority scores of a trial. */
const UNTESTED: NoScores = { value: null, reason: "a trial reads no test examples" };

/** The most frequent label; of equally frequent ones, the smallest. */
function majorityLabel(labels: readonly number[]): number {
  const counts: number[] = [];
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  return counts.indexOf(Math.max(...counts.filter((count) => count !== undefined)));
}

function labelsOf(examples: readonly Example[]): number[] {
  return examples.map(({ label }) => label);
}

/** Evaluates with compiled logits. `examples` are read at each call: their features may be cached meanwhile. */
function makeEvaluator(
  executable: Executable,
  examples: Record<"validation" | "test", EncodedExamples>,
  splits: Splits<Example>,
  taskMetrics: readonly Metric[],
  microBatchRows: number,
): Evaluator {
  return {
    async warmUp(parameters) {
      await executable.run({ parameters, inputs: examples.validation.collate([0]) });
    },
    async evaluate(split, parameters) {
      const labels = labelsOf(splits[split]);
      const { predicted, loss } = await predict(executable, parameters, examples[split], labels, microBatchRows);
      return {
        scores: score(taskMetrics, labels, predicted),
        loss: { value: loss },
        predictions: splits[split].map(({ id, label }, at) => ({ id, label, predicted: predicted[at] })),
      };
    },
    release: () => executable.release(),
  };
}

/** The programs that answer texts: with what is left of the parts once they are trained, and of the backbone alone. */
async function inferenceOf(
  parts: readonly Part[],
  backbone: Backbone,
  labels: readonly string[],
): Promise<TrainingTask["inference"]> {
  const answers = async (parts: readonly Part[]) => {
    const adaptation = compose(parts, backbone);
    return trainableClassifier(backbone, adaptation, labels, 0, await storeFrozen(adaptation)).answers;
  };
  return { adapted: await answers(inferenceParts(parts, backbone)), backbone: await answers([]) };
}

/** A classification task on a backbone with a method. */
export async function classification(
  task: Task,
  splits: Splits<Example>,
  { spec, backbone, parts }: TaskContext,
): Promise<TrainingTask> {
  const { maxLength, microBatchRows, headLearningRate } = spec.training;
  const adaptation = compose(parts, backbone);
  const model = trainableClassifier(
    backbone,
    adaptation,
    task.labels,
    headLearningRate!,
    await storeFrozen(adaptation),
  );
  const limit = Math.min(maxLength, adaptation.maxLength);
  const encode = (split: readonly Example[]) => encodeExamples(backbone, split, limit);
  const examples = {
    train: await encode(splits.train),
    validation: await encode(splits.validation),
    test: await encode(splits.test),
  };
  const taskMetrics = lookUpMetrics(metrics, task.metrics);
  const testLabels = labelsOf(splits.test);
  const majority = majorityLabel(labelsOf(splits.train));
  return {
    backbone,
    adaptation,
    splits,
    metrics: taskMetrics,
    parameters: model.parameters,
    head: model.head,
    get trainExamples() {
      return examples.train;
    },
    loss: model.loss,
    start: model.start,
    identity: {
      backbone: model.backboneFeatures,
      adapted: model.features,
      output: "features",
      inputs: examples.validation.collate([...splits.validation.keys()].slice(0, IDENTITY_TEXTS)),
    },
    inference: await inferenceOf(parts, backbone, task.labels),
    ...model.featuresFixed && {
      featureCache: {
        program: model.backboneFeatures,
        sample: examples.validation.collate([0]),
        async fill(executable) {
          for (const name of ["train", "validation", "test"] as const) {
            if (splits[name].length === 0) continue;
            examples[name] = await computeFeatures(examples[name], executable, microBatchRows);
          }
        },
      },
    },
    majority: spec.trial ? UNTESTED : score(taskMetrics, testLabels, testLabels.map(() => majority)),
    evaluator: async (compile) => {
      const executable = await compile(model.logits);
      return makeEvaluator(executable, examples, splits, taskMetrics, microBatchRows);
    },
  };
}
