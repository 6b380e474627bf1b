/**
 * Adapters in the form of Hugging Face PEFT: adapter_config.json and adapter_model.safetensors.
 * @module
 */
import { type NamedArray, readSafetensors, readStored } from "../engine/safetensors.ts";
import { type Tensors, tf } from "../engine/tensor.ts";
import { methods } from "../methods/mod.ts";
import { parseOptions } from "../methods/options.ts";
import type { CommonOptions, Method } from "../methods/types.ts";
import type { BackboneShape } from "../models/types.ts";
import { wrapperOf } from "./adapter.ts";

/** An adapter as PEFT stores it. */
export interface StoredAdapter {
  /** The method. */
  method: Method;
  /** What the config says of its options, defaults for the rest. */
  options: CommonOptions;
  /** The method's tensors under PEFT's keys. */
  stored: Record<string, NamedArray>;
  /** The classifier's tensors under their names; none where the adapter has no classifier. */
  head: Record<string, NamedArray>;
}

/**
 * Reads an adapter's folder.
 * @param headNames names of the classifier's tensors
 * @throws {Error} if it is none of PEFT's, or of a method or options that are unknown here
 */
export async function readAdapter(
  folder: string,
  shape: BackboneShape,
  headNames: readonly string[],
): Promise<StoredAdapter> {
  const config: Record<string, unknown> = JSON.parse(await Deno.readTextFile(`${folder}/adapter_config.json`));
  const known = Object.values(methods).filter(({ peft }) => peft);
  const method = known.find(({ peft }) => peft!.type === config.peft_type);
  if (!method) {
    throw new Error(
      `Cannot read the adapter ${folder}: its peft_type must be one of ${
        known.map(({ peft }) => peft!.type).join(", ")
      }, ` +
        `current value is ${config.peft_type}`,
    );
  }
  const options = parseOptions(method, method.peft!.options(config, shape));
  const stored: Record<string, NamedArray> = {};
  for (const [key, place] of Object.entries(await readSafetensors(`${folder}/adapter_model.safetensors`))) {
    stored[key] = { shape: place.shape, data: await readStored(place) };
  }
  const head: Record<string, NamedArray> = {};
  for (const name of headNames) {
    const key = wrapperOf(config) + name;
    if (!Object.hasOwn(stored, key)) continue;
    head[name] = stored[key];
    delete stored[key];
  }
  return { method, options, stored, head };
}

/**
 * The parameters of an adapter under the method's names, and the weights that it trains in place under theirs.
 * @throws {Error} if what PEFT stores does not determine them, or if tensors are missing, unexpected or of another shape
 */
export function adapterParameters(
  { method, options, stored }: Pick<StoredAdapter, "method" | "options" | "stored">,
  shape: BackboneShape,
): Record<string, NamedArray> {
  const form = method.stored(shape, options);
  if (!form.parameters) {
    throw new Error(
      `Cannot read parameters of ${method.name}: PEFT must store them, it stores what its encoder makes of them`,
    );
  }
  tf.setBackend("cpu");
  const tensors: Tensors = Object.fromEntries(
    Object.entries(stored).map(([key, { shape, data }]) => [key, tf.tensor(data, [...shape])]),
  );
  const found = form.parameters(tensors);
  const wanted: Record<string, readonly number[]> = {
    ...Object.fromEntries(method.parameters(shape, options).map(({ name, shape }) => [name, shape])),
    ...Object.fromEntries(method.trains(shape, options).map((name) => [name, shape.weights[name]])),
  };
  for (const name of new Set([...Object.keys(wanted), ...Object.keys(found)])) {
    const [expected, actual] = [wanted[name], found[name]?.shape].map((of) => of ? `[${of}]` : "absent");
    if (expected !== actual) {
      throw new Error(
        `Cannot read parameters of ${method.name}: ${name} must be ${expected}, current value is ${actual}`,
      );
    }
  }
  const arrays = Object.entries(found).map(([name, tensor]) =>
    [name, { shape: tensor.shape, data: tensor.dataSync() as Float32Array }] as const
  );
  tf.dispose([tensors, found]);
  return Object.fromEntries(arrays);
}
