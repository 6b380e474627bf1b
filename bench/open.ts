/**
 * A method on the backbone, read from the files of a comparison.
 * @module
 */
import { readSafetensors, readStored } from "../engine/safetensors.ts";
import { type Adaptation, compose } from "../methods/compose.ts";
import { methods } from "../methods/mod.ts";
import { parseOptions } from "../methods/options.ts";
import type { Backbone } from "../models/types.ts";
import { type Trainable, trainable } from "../runs/trainable.ts";
import { bertBackbone, type BertConfig } from "./bert.ts";
import { LEARNING_RATE, measured, paths, SEED } from "./setting.ts";

/** A method on the backbone. */
export interface Opened {
  /** The backbone. */
  backbone: Backbone;
  /** The method. */
  adaptation: Adaptation;
  /** What is trained, and the programs. */
  trainable: Trainable;
  /** Start values of all that is trained, by name; the classifier's come from the files, they are no zeros. */
  start(): Promise<Record<string, Float32Array>>;
}

/** Opens a measured method on the backbone whose files lie in `folder`. */
export async function open(folder: string, name: string): Promise<Opened> {
  const config: BertConfig = JSON.parse(await Deno.readTextFile(paths.config(folder)));
  const stored = await readSafetensors(paths.weights(folder));
  const backbone = bertBackbone(config, stored);
  const parts = measured[name].map(({ name, options }) => {
    const method = methods[name];
    return { method, options: parseOptions(method, { ...options, learningRate: LEARNING_RATE }) };
  });
  const adaptation = compose(parts, backbone);
  const labels = Array.from({ length: config.num_labels }, (_, label) => String(label));
  const joined = trainable(backbone, adaptation, labels, LEARNING_RATE);
  return {
    backbone,
    adaptation,
    trainable: joined,
    async start() {
      const head = await readStored(stored["classifier.weight"]);
      // Hugging Face keeps the classifier as [classes, width].
      const transposed = head.map((_, at) =>
        head[(at % config.num_labels) * config.hidden_size + Math.floor(at / config.num_labels)]
      );
      return {
        ...await joined.start(SEED),
        "head.weight": transposed,
        "head.bias": await readStored(stored["classifier.bias"]),
      };
    },
  };
}
