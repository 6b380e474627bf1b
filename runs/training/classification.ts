/**
 * Classification, regression, several labels at once and multiple choice: a classifier on the backbone's features, trained together with the method;
 * or the method alone, where words of the language model answer.
 * @module
 */
import { storeFrozen } from "../programs/frozen.ts";
import type { Executable } from "../../engine/types.ts";
import { compose, type Part } from "../../methods/adaptation/compose.ts";
import { inferenceParts } from "../../methods/adaptation/inference-parts.ts";
import type { Backbone } from "../../models/types.ts";
import { type HeadTask, labelsOfTask } from "../../tasks/types.ts";
import type { NoScores, RunRecord } from "../study/record.ts";
import type { TrainingSpec } from "../study/spec.ts";
import { isBetter, outputsOf, score } from "./evaluate.ts";
import { collateExamples, computeFeatures, type EncodedExamples, encodeTexts } from "./examples.ts";
import type { Head, HeadKind } from "./heads/types.ts";
import { planStepMemory } from "./plan-memory.ts";
import { lengthOfBeginning } from "../programs/shared-beginning.ts";
import { collateChoiceExamples } from "./words/choice-examples.ts";
import { choiceHead } from "./words/choice-head.ts";
import { demonstrationsOf } from "./words/demonstrations.ts";
import { wordHead } from "./words/word-head.ts";
import type { Evaluator, TaskContext, TrainingTask } from "./training-task.ts";
import type { AnyExample, Splits } from "./split.ts";
import { type TrainableClassifier, trainableClassifier } from "../programs/classifier.ts";
import type { Objective } from "../programs/objective.ts";

/** Texts whose features are compared with the backbone's before the first step. */
const IDENTITY_TEXTS = 8;

/** The majority scores of a trial. */
const UNTESTED: NoScores = { value: null, reason: "a trial reads no test examples" };

/** What is evaluated: compiled logits, and examples. These are read at each call: their features may be cached meanwhile. */
interface Evaluated<E extends AnyExample, T, P> {
  executable: Executable;
  kind: HeadKind<E, T, P>;
  examples: Record<keyof Splits, EncodedExamples>;
  splits: Splits<E>;
  spec: TrainingSpec;
  /** What the program takes besides the trained parameters. */
  given: Record<string, Float32Array>;
}

function makeEvaluator<E extends AnyExample, T, P>(
  { executable, kind, examples, splits, spec, given }: Evaluated<E, T, P>,
): Evaluator {
  const answersTo = (split: "validation" | "test", parameters: Record<string, Float32Array>) =>
    outputsOf(executable, { ...parameters, ...given }, examples[split], spec.microBatchRows);
  return {
    // The texts of the other splits are about as long.
    plan: () => [planStepMemory(executable, examples.train, spec)],
    async warmUp(parameters) {
      await executable.run({ parameters: { ...parameters, ...given }, inputs: examples.validation.collate([0]) });
    },
    async evaluate(split, parameters) {
      const outputs = await answersTo(split, parameters);
      const right = splits[split].map(kind.rightOf);
      const threshold = kind.thresholds && chooseThreshold(
        kind,
        split === "validation" ? outputs : await answersTo("validation", parameters),
        splits.validation,
      );
      const predicted = outputs.map((row) => kind.read(row, threshold ?? 0));
      const losses = outputs.map((row, at) => kind.lossOf(row, right[at]));
      return {
        scores: score(kind.metrics, right, predicted, groupsOf(kind, splits[split])),
        loss: { value: losses.reduce((total, loss) => total + loss, 0) / losses.length },
        predictions: splits[split].map((example, at) => kind.predictionOf(example, predicted[at])),
        ...threshold !== undefined && { threshold },
      };
    },
    release: () => executable.release(),
  };
}

/** The group of each example, where a metric scores groups. */
function groupsOf<E extends AnyExample, T, P>(
  { groupOf }: HeadKind<E, T, P>,
  examples: readonly E[],
): string[] | undefined {
  return groupOf && examples.map(groupOf);
}

/** The threshold with the best score on the validation examples by the first metric; of equal ones, the first. */
function chooseThreshold<E extends AnyExample, T, P>(
  { thresholds, metrics: [metric], rightOf, read }: HeadKind<E, T, P>,
  outputs: readonly Float32Array[],
  validation: readonly E[],
): number {
  const right = validation.map(rightOf);
  const scored = thresholds!.map((threshold) => ({
    threshold,
    score: metric.compute(right, outputs.map((row) => read(row, threshold))),
  }));
  return scored.reduce((best, each) => isBetter(metric, each.score, best.score) ? each : best).threshold;
}

/** The programs that answer texts: with what is left of the parts once they are trained, and of the backbone alone. */
async function inferenceOf(
  parts: readonly Part[],
  { backbone, classifier }: Head,
  { backboneFeatures, onFeatures, answers: ofTrained }: TrainableClassifier,
): Promise<TrainingTask["inference"]> {
  // Programs that are compiled anyway are traced once.
  const answers = async (left: readonly Part[]) => {
    if (left.length === 0 && onFeatures) return [backboneFeatures, onFeatures];
    if (left.length > 0 && left.length === parts.length && left.every((part, at) => part === parts[at])) {
      return [ofTrained];
    }
    const adaptation = compose(left, backbone);
    return [classifier(adaptation, await storeFrozen(adaptation)).answers];
  };
  return { adapted: await answers(inferenceParts(parts, backbone)), backbone: await answers([]) };
}

/** A classifier on the features of a backbone, trained together with the method. */
function featureHead(backbone: Backbone, labels: readonly string[], learningRate: number, objective: Objective): Head {
  return {
    backbone,
    reading: backbone,
    branches: 0,
    room: 0,
    classifier: (adaptation, frozen) =>
      trainableClassifier(backbone, adaptation, labels, learningRate, frozen, objective),
  };
}

/** How the texts of a cell are read. */
interface Reading<E extends AnyExample, T, P> {
  head: Head;
  kind: HeadKind<E, T, P>;
  splits: Splits<E>;
  /** Most tokens of a text. */
  limit: number;
  /** Whether anything is trained, which changes what is read of any token. */
  isTrained: boolean;
}

/**
 * The examples as programs take them, and the tokens that all of them begin with where these are read once: the examples are then
 * without them.
 */
async function encodeSplits<E extends AnyExample, T, P>({ head, kind, splits, limit, isTrained }: Reading<E, T, P>) {
  const { reading, branches, beginning: shared, encodeChoices } = head;
  const { textsOf, choosing } = kind;
  if (encodeChoices) {
    const { textsOf, standingsOf } = choosing!;
    const ofTrees = async (examples: readonly E[]) =>
      collateChoiceExamples(
        reading,
        await Array.fromAsync(examples, (example) => encodeChoices(textsOf(example), limit)),
        examples.map((example) => standingsOf(kind.rightOf(example))),
      );
    const { train, validation, test } = splits;
    return {
      examples: { train: await ofTrees(train), validation: await ofTrees(validation), test: await ofTrees(test) },
      beginning: [],
    };
  }
  const encode = (examples: readonly E[]) =>
    encodeTexts(reading, textsOf ? examples.flatMap((example) => textsOf(example)) : examples, limit);
  const encoded = {
    train: await encode(splits.train),
    validation: await encode(splits.validation),
    test: await encode(splits.test),
  };
  const begun = isTrained || !shared ? 0 : lengthOfBeginning(Object.values(encoded).flat());
  const collated = (name: keyof Splits) =>
    collateExamples(
      reading.collate,
      begun === 0 ? encoded[name] : encoded[name].map((ids) => ids.slice(begun)),
      splits[name],
      (examples) => kind.collate(examples.map(kind.rightOf)),
      branches,
      textsOf && splits[name].map((example) => textsOf(example).length),
    );
  return {
    examples: { train: collated("train"), validation: collated("validation"), test: collated("test") },
    beginning: encoded.validation[0].slice(0, begun),
  };
}

/** A task that a classifier answers, or the words of a language model, on a backbone with a method. */
export async function classification<E extends AnyExample, T, P extends number | readonly number[]>(
  task: HeadTask,
  kind: HeadKind<E, T, P>,
  splits: Splits<E>,
  { spec, backbone: opened, parts, threads }: TaskContext,
): Promise<TrainingTask> {
  const { maxLength, microBatchRows, headLearningRate } = spec.training;
  const { objective, metrics, rightOf } = kind;
  const labels = labelsOfTask(task);
  const head = spec.head && kind.choosing
    ? await choiceHead(opened, spec.head)
    : spec.head
    ? await wordHead(opened, spec.head, labels, { spec, threads }, demonstrationsOf(parts, splits.train, spec.seed))
    : featureHead(opened, labels, headLearningRate!, objective);
  const { backbone, room, peftConfig } = head;
  const adaptation = compose(parts, backbone);
  const model = head.classifier(adaptation, await storeFrozen(adaptation));
  const limit = Math.min(maxLength, adaptation.maxLength - room);
  const isTrained = model.parameters.length > 0;
  const { examples, beginning } = await encodeSplits({ head, kind, splits, limit, isTrained });
  const answering = beginning.length === 0 ? model : head.classifier(head.beginning!.adaptation(beginning.length), {});
  const right = splits.test.map(rightOf);
  const constant = kind.constantOf(splits.train.map(rightOf));
  return {
    backbone,
    adaptation,
    splits,
    metrics,
    parameters: model.parameters,
    head: model.head,
    get trainExamples() {
      return examples.train;
    },
    loss: answering.loss,
    start: model.start,
    identity: {
      backbone: model.backboneFeatures,
      adapted: model.features,
      output: "features",
      inputs: examples.validation.collate([...splits.validation.keys()].slice(0, IDENTITY_TEXTS)),
    },
    inference: {
      ...await inferenceOf(parts, head, model),
      ...beginning.length > 0 && { adapted: [answering.answers] },
    },
    ...peftConfig && { peftConfig },
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
    majority: spec.trial ? UNTESTED : score(metrics, right, right.map(() => constant), groupsOf(kind, splits.test)),
    constantName: kind.constantName,
    ...kind.namesConstant && { baseline: constant as RunRecord["baseline"] },
    evaluator: async (compile) => {
      const given = beginning.length === 0 ? {} : await head.beginning!.read(beginning, compile);
      const executable = await compile(answering.logits);
      return makeEvaluator({ executable, kind, examples, splits, spec: spec.training, given });
    },
  };
}
