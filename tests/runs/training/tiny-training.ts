/**
 * Every method on the tiny backbone: a batch with known values, and a short training.
 * @module
 */
import { Random } from "../../../base/random.ts";
import type { ArrayValue, Device, Executable, Feed } from "../../../engine/types.ts";
import { compose } from "../../../methods/adaptation/compose.ts";
import { collateExamples, computeFeatures, encodeTexts } from "../../../runs/training/examples.ts";
import { train, type TrainingJob } from "../../../runs/training/train.ts";
import { type TrainableClassifier, trainableClassifier } from "../../../runs/programs/classifier.ts";
import { type Objective, objectiveOf } from "../../../runs/programs/objective.ts";
import { storeFrozen } from "../../../runs/programs/frozen.ts";
import { labelSets } from "../../../runs/training/heads/label-sets.ts";
import { numbers } from "../../../runs/training/heads/numbers.ts";
import type { Arrays } from "../../engine/compare.ts";
import { type Variant, variant, variants } from "../../methods/variants.ts";
import { tinyBackbone } from "../../models/use-lite/tiny.ts";

const LABELS = ["no", "maybe", "yes"];
/** Large enough for losses to move within a few steps, so that a wrong gradient shows in them. */
const HEAD_LEARNING_RATE = 0.05;
const backbone = await tinyBackbone(3);

/** Classes as the loss reads them. */
export function collateClasses(examples: readonly { label: number }[]): ArrayValue {
  return { data: Int32Array.from(examples, ({ label }) => label), shape: [examples.length] };
}

/** Every form of every method, and joined ones. */
export const combinations: Variant[][] = [
  ...variants.map((one) => [one]),
  [variant("lora", { rank: 2, dropout: 0.3 })],
  [variant("lora", { rank: 2 }), variant("prompt-tuning", { virtualTokens: 2 })],
  [variant("lora", { rank: 2 }), variant("prefix-tuning", { prefixLength: 2 })],
  [variant("prompt-tuning", { virtualTokens: 2 }), variant("prefix-tuning", { prefixLength: 3 }), variant("bitfit")],
  [variant("ia3"), variant("lora", { rank: 2, dora: true }), variant("ln-tuning")],
];

/** What the tiny backbone is trained for, and right answers of examples that have one of three classes, as the loss reads them. */
interface Purpose {
  objective: Objective;
  collate(examples: readonly { label: number }[]): ArrayValue;
}

/** Kinds of tasks besides classification. */
export const otherKinds: Record<"regression" | "multi-label", Purpose> = {
  regression: {
    objective: objectiveOf("regression", 0),
    collate: (examples) => numbers({ metrics: [] }).collate(examples.map(({ label }) => label / 2 - 0.8)),
  },
  "multi-label": {
    objective: objectiveOf("multi-label", LABELS.length),
    collate: (examples) =>
      labelSets({ labels: LABELS, metrics: [] }).collate(
        examples.map(({ label }) => [0, 1, 2].filter((bit) => label + 1 >> bit & 1)),
      ),
  },
};

/** The tiny backbone with these methods and a classifier: of three classes, if nothing else is said. */
export async function tinyTrainable(parts: Variant[], objective?: Objective): Promise<TrainableClassifier> {
  const adaptation = compose(parts, backbone);
  const frozen = await storeFrozen(adaptation);
  return trainableClassifier(backbone, adaptation, LABELS, HEAD_LEARNING_RATE, frozen, objective);
}

/**
 * A batch of texts of several lengths, with parameters near the start. The classifier, and the vectors that scale the updates
 * of VeRA, are moved away from zero, so that the gradients behind them are large; the others are moved little, as further out
 * the loss bends too much for differences over 1e-2.
 */
export async function batchOf(model: TrainableClassifier, { masks }: Pick<Executable, "masks">): Promise<Feed> {
  const texts = await Array.fromAsync(
    ["abc", "a longer text", "xyzzy"],
    (text) => backbone.encode(text, backbone.maxLength),
  );
  const random = new Random(5, "batch");
  const parameters = await model.start(1);
  const gradients: Arrays = {};
  for (const [name, values] of Object.entries(parameters)) {
    const noise = /^head\.|\.vera_lambda_b$/.test(name) ? 0.3 : 0.02;
    parameters[name] = values.map((value) => value + noise * random.normal());
    gradients[name] = new Float32Array(values.length);
  }
  const inputs: Feed["inputs"] = model.featuresFixed
    ? { features: { data: new Float32Array(3 * 10).map(() => random.normal()), shape: [3, 10] } }
    : backbone.collate(texts);
  for (const { name, rate, shape } of masks) {
    const sizes = shape(3, 13);
    const data = new Float32Array(sizes.reduce((a, b) => a * b)).map(() =>
      random.uniform() < rate ? 0 : 1 / (1 - rate)
    );
    inputs[name] = { data, shape: sizes };
  }
  inputs.labels = { data: Int32Array.of(0, 2, 1), shape: [3] };
  inputs.weights = { data: Float32Array.of(0.5, 0.3, 0.2), shape: [3] };
  return { inputs, parameters, gradients };
}

/** Training on a device, at its start: 40 random texts of 1 to 24 characters, 4 a step, 20 steps. */
export async function startTraining(
  device: Device,
  parts: Variant[],
  { objective, collate = collateClasses }: Partial<Purpose> = {},
): Promise<TrainingJob> {
  const model = await tinyTrainable(parts, objective);
  const random = new Random(7, "texts");
  const texts = Array.from({ length: 40 }, (_, at) => ({
    id: String(at),
    text: String.fromCodePoint(...Array.from({ length: 1 + random.integer(24) }, () => 97 + random.integer(26))),
    label: random.integer(LABELS.length),
  }));
  const rows = 64;
  const encoded = await encodeTexts(backbone, texts, backbone.maxLength);
  let examples = collateExamples(backbone.collate, encoded, texts, collate);
  if (model.featuresFixed) {
    const { program, signature } = model.backboneFeatures;
    const executable = await device.compile(program, signature, { threads: 1 });
    examples = await computeFeatures(examples, executable, rows);
    await executable.release();
  }
  const { program, signature } = model.loss;
  const training = await device.train(program, signature, model.parameters, { threads: 1 });
  await training.write(await model.start(1));
  return {
    seed: 1,
    spec: {
      epochs: 2,
      batchSize: 4,
      headLearningRate: HEAD_LEARNING_RATE,
      weightDecay: 0.01,
      warmup: 0.1,
      clip: 1,
      maxLength: backbone.maxLength,
      microBatchRows: rows,
    },
    training,
    examples,
    onStep: () => {},
    onEpoch: () => Promise.resolve(),
  };
}

/** Losses of all its steps. */
export async function trainingLosses(device: Device, parts: Variant[], purpose?: Purpose): Promise<number[]> {
  const job = await startTraining(device, parts, purpose);
  const { stepLoss } = await train(job);
  await job.training.release();
  return stepLoss;
}
