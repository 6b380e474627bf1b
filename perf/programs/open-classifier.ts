/**
 * A method on a BERT classifier, read from the files of a comparison.
 * @module
 */
import { readSafetensors, readStored } from "../../engine/safetensors.ts";
import { type Adaptation, compose } from "../../methods/adaptation/compose.ts";
import { methods } from "../../methods/mod.ts";
import { parseOptions } from "../../methods/shared/options.ts";
import { bert } from "../../models/architectures/bert.ts";
import type { Backbone } from "../../models/types.ts";
import { storeFrozen } from "../../runs/programs/frozen.ts";
import { type TrainableClassifier, trainableClassifier } from "../../runs/programs/classifier.ts";
import { CLASSES, LEARNING_RATE, methodParts, SEED } from "../cases.ts";
import { paths } from "../processes/files.ts";

/** A method on a classifier. */
export interface OpenedClassifier {
  /** The backbone. */
  backbone: Backbone;
  /** The method. */
  adaptation: Adaptation;
  /** What is trained, and the programs. */
  trainable: TrainableClassifier;
  /** Start values of all that is trained, by name. Those of the head come from the files and are not zero. */
  start(): Promise<Record<string, Float32Array>>;
}

/**
 * Opens a method on the BERT classifier whose files lie in `folder`. The model reads virtual tokens as PEFT does and has
 * no tokenizer, since the texts are token ids.
 * @param name a method of `methodParts`, or any methods joined with +, which then have their default options
 */
export async function openClassifier(
  folder: string,
  name: string,
  learningRate = LEARNING_RATE,
): Promise<OpenedClassifier> {
  const path = paths.config(folder);
  const design = bert.design({ path, values: JSON.parse(await Deno.readTextFile(path)) });
  const stored = await readSafetensors(paths.weights(folder));
  const backbone: Backbone = {
    ...design,
    stored: Object.fromEntries(Object.keys(design.weights).map((name) => [name, stored[name]])),
    sha256: "",
    encode: () => Promise.resolve([]),
    forward: (weights, inputs, hooks) => design.forward(weights, inputs, { ...hooks, reading: "peft" }),
  };
  const withDefaults = () => name.split("+").map((part) => ({ name: part, options: {} }));
  const parts = (methodParts[name] ?? withDefaults()).map(({ name, options }) => {
    const method = methods[name];
    const seeded = method.frozen && { projectionSeed: SEED };
    return { method, options: parseOptions(method, { ...options, learningRate, ...seeded }) };
  });
  const adaptation = compose(parts, backbone);
  const labels = Array.from({ length: CLASSES }, (_, label) => String(label));
  const trainable = trainableClassifier(backbone, adaptation, labels, learningRate, await storeFrozen(adaptation));
  return {
    backbone,
    adaptation,
    trainable,
    async start() {
      const values = await trainable.start(SEED);
      for (const { name } of trainable.head) values[name] = await readStored(stored[name]);
      return values;
    },
  };
}
