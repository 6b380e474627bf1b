/**
 * Where the file of an adapter holds the classifier that was trained with it.
 * @module
 */
import type { StoredEntry } from "../../engine/safetensors.ts";
import type { PeftConfig } from "../../methods/types.ts";
import type { Head } from "../../models/types.ts";

/** PEFT's prefix before the names of a trained classifier, which depends on whether the adapter has virtual tokens. */
function wrapperOf(config: PeftConfig["values"]): string {
  return Object.hasOwn(config, "num_virtual_tokens") ? "base_model." : "base_model.model.";
}

/**
 * The key of a classifier's tensor. The plain classifier "head" is called "classifier" in PEFT's files.
 * @param config PEFT's adapter_config.json; null where the adapter is not in PEFT's form
 */
export function headKey(config: PeftConfig["values"] | null, name: string): string {
  return config ? wrapperOf(config) + name.replace(/^head\./, "classifier.") : name;
}

/** Whether the file holds a classifier's tensor transposed: the plain classifier's weight is [classes, d] in PEFT's files. */
export function isTransposed(config: PeftConfig["values"] | null, name: string): boolean {
  return config !== null && name === "head.weight";
}

/** A tensor of a classifier in a file. */
export interface StoredHeadTensor {
  /** Its name. */
  name: string;
  /** Its key in the file. */
  key: string;
  /** Whether the file holds it transposed. */
  transposed: boolean;
  /** Its shape in the file. */
  shape: readonly number[];
}

/**
 * The tensors of the classifier that a file should hold; none if it holds no part of a classifier. The number of classes is
 * the one that the first of these tensors in the file has.
 */
export function expectedHead(
  head: Head,
  config: PeftConfig["values"] | null,
  entries: Record<string, StoredEntry>,
): StoredHeadTensor[] {
  const tensorsFor = (classes: number) =>
    head.parameters(classes).map(({ name, shape }): StoredHeadTensor => {
      const transposed = isTransposed(config, name);
      return { name, key: headKey(config, name), transposed, shape: transposed ? shape.toReversed() : shape };
    });
  const one = tensorsFor(1);
  if (!one.some(({ key }) => Object.hasOwn(entries, key))) return [];
  const two = tensorsFor(2);
  for (const [at, { key, shape }] of one.entries()) {
    const axis = shape.findIndex((size, axis) => two[at].shape[axis] !== size);
    const classes = axis < 0 ? undefined : entries[key]?.shape[axis];
    if (classes !== undefined) return tensorsFor(classes);
  }
  return one;
}
