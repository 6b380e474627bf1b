/**
 * Where the file of an adapter holds the classifier that was trained with it.
 * @module
 */

/** PEFT's prefix before the names of a trained classifier, which depends on whether the adapter has virtual tokens. */
function wrapperOf(config: Record<string, unknown>): string {
  return Object.hasOwn(config, "num_virtual_tokens") ? "base_model." : "base_model.model.";
}

/**
 * The key of a classifier's tensor. The plain classifier "head" is called "classifier" in PEFT's files.
 * @param config PEFT's adapter_config.json; null where the adapter is not in PEFT's form
 */
export function headKey(config: Record<string, unknown> | null, name: string): string {
  return config ? wrapperOf(config) + name.replace(/^head\./, "classifier.") : name;
}

/** Whether the file holds a classifier's tensor transposed: the plain classifier's weight is [classes, d] in PEFT's files. */
export function isTransposed(config: Record<string, unknown> | null, name: string): boolean {
  return config !== null && name === "head.weight";
}
