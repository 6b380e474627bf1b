/**
 * The stored form of a method: PEFT's where PEFT has one, else its tensors as they are.
 * @module
 */
import type { Tensors } from "../../engine/tensor.ts";
import type { BackboneShape } from "../../models/types.ts";
import { methods } from "../mod.ts";
import { parseOptions } from "../shared/options.ts";
import type { CommonOptions, Method, TensorLayout } from "../types.ts";

/** What a method leaves on disk. */
export interface StoredForm {
  /** PEFT's adapter_config.json, or null where PEFT has no form for it. */
  config: Record<string, unknown> | null;
  /** Shapes of the stored tensors by their keys in the file. */
  shapes: TensorLayout["shapes"];
  /** From the parameters, and the weights trained in place, to the stored tensors. */
  tensors(parameters: Tensors): Tensors;
  /** The inverse; absent where an encoder computes the stored tensors. */
  parameters?(stored: Tensors): Tensors;
  /** The method without an encoder whose parameters are stored; absent: the method itself. */
  plain?: { method: Method; options: CommonOptions };
}

/** The layout with parameters and weights trained in place unchanged, under their own names. */
function unchangedLayout(method: Method, shape: BackboneShape, options: CommonOptions): TensorLayout {
  const added = method.parameters(shape, options).map(({ name, shape }) => [name, shape] as const);
  const trained = method.trains(shape, options).map((name) => [name, shape.weights[name]] as const);
  return {
    shapes: Object.fromEntries([...added, ...trained]),
    tensors: (parameters) => parameters,
    parameters: (stored) => stored,
  };
}

/** The form in which a method is stored on a backbone. */
export function storedForm(method: Method, shape: BackboneShape, options: CommonOptions): StoredForm {
  const config = method.peft?.config(shape, options) ?? null;
  const plain = method.plain?.(shape, options);
  if (!plain) {
    return { config, ...method.peft?.layout(shape, options) ?? unchangedLayout(method, shape, options) };
  }
  const part = { method: methods[plain.name], options: parseOptions(methods[plain.name], plain.options) };
  const { shapes, tensors } = storedForm(part.method, shape, part.options);
  return { config, shapes, tensors: (parameters) => tensors(plain.parameters(parameters)), plain: part };
}

/** Number of values that have to be kept to use a method, classifier excluded. Of an encoder, its output is kept alone. */
export function storedCount(method: Method, shape: BackboneShape, options: CommonOptions): number {
  const plain = method.plain?.(shape, options);
  if (!plain) return method.count(shape, options);
  return methods[plain.name].count(shape, parseOptions(methods[plain.name], plain.options));
}
