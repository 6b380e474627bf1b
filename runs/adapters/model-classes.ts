/**
 * What a model's config.json says of the classifier of adapters that do not say it themselves.
 * @module
 */

/** Names of the classes as `id2label` has them; undefined if it does not name as many. */
export function classNames(count: number, { id2label }: Record<string, unknown>): string[] | undefined {
  if (id2label === null || typeof id2label !== "object" || Object.keys(id2label).length !== count) return undefined;
  const names = Array.from({ length: count }, (_, at) => (id2label as Record<string, unknown>)[at]);
  return names.every((name) => typeof name === "string") ? names : undefined;
}

/** Names of classes without names, as in transformers: LABEL_0, LABEL_1 … */
export function numberedNames(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `LABEL_${at}`);
}

/**
 * Makes sure that a classifier is one that chooses a class.
 * @param count number of its outputs
 * @throws {Error} if it is one of regression, or one of several labels at once, as `problem_type` or a single output says
 */
export function requireClasses(count: number, { problem_type: type }: Record<string, unknown>): void {
  const kinds = new Map<unknown, string>([
    ["regression", "regression"],
    ["multi_label_classification", "several labels at once"],
  ]);
  const kind = kinds.get(type) ?? (count === 1 ? "regression" : undefined);
  if (kind === undefined) return;
  throw new Error(`its classifier must choose one class, it is one of ${kind}; such heads come with a later version`);
}
