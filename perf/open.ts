/**
 * A method on the backbone, read from the files of a comparison.
 * @module
 */
import { readSafetensors, readStored } from "../engine/safetensors.ts";
import { type Adaptation, compose } from "../methods/compose.ts";
import { methods } from "../methods/mod.ts";
import { parseOptions } from "../methods/options.ts";
import { bert } from "../models/architectures/bert.ts";
import type { Backbone } from "../models/types.ts";
import { type TrainableClassifier, trainableClassifier } from "../runs/programs/classifier.ts";
import { CLASSES, LEARNING_RATE, measured, paths, SEED } from "./cases.ts";

/** A method on the backbone. */
export interface Opened {
  /** The backbone. */
  backbone: Backbone;
  /** The method. */
  adaptation: Adaptation;
  /** What is trained, and the programs. */
  trainable: TrainableClassifier;
  /** Start values of all that is trained, by name; the classifier's come from the files, they are no zeros. */
  start(): Promise<Record<string, Float32Array>>;
}

/**
 * Opens a measured method on the BERT classifier whose files lie in `folder`. It reads virtual tokens as PEFT does. It has
 * no tokenizer: the measurements bring ids.
 * @param name of one that is measured, or methods joined with +, which then have their default options
 */
export async function open(folder: string, name: string, learningRate = LEARNING_RATE): Promise<Opened> {
  const path = paths.config(folder);
  const design = bert.design({ path, values: JSON.parse(await Deno.readTextFile(path)) });
  const stored = await readSafetensors(paths.weights(folder));
  const backbone: Backbone = {
    ...design,
    stored: Object.fromEntries(Object.keys(design.weights).map((name) => [name, stored[name]])),
    sha256: "",
    encode: () => [],
    forward: (weights, inputs, hooks) => design.forward(weights, inputs, { ...hooks, reading: "peft" }),
  };
  const asNamed = () => name.split("+").map((part) => ({ name: part, options: {} }));
  const parts = (measured[name] ?? asNamed()).map(({ name, options }) => {
    const method = methods[name];
    return { method, options: parseOptions(method, { ...options, learningRate }) };
  });
  const adaptation = compose(parts, backbone);
  const labels = Array.from({ length: CLASSES }, (_, label) => String(label));
  const joined = trainableClassifier(backbone, adaptation, labels, learningRate);
  return {
    backbone,
    adaptation,
    trainable: joined,
    async start() {
      const values = await joined.start(SEED);
      for (const { name } of joined.head) values[name] = await readStored(stored[name]);
      return values;
    },
  };
}
