/**
 * Methods as studies write them.
 * @module
 */
/**
 * A method: "lora+prompt-tuning", or its parts with options that differ from the defaults: {"lora": {"rank": 4}}. In a study the
 * value of an option may be a grid.
 */
export type MethodEntry = string | Record<string, Record<string, unknown>>;

/** The parts of a method, with the options given for them. */
export function partsOf(entry: MethodEntry): Record<string, Record<string, unknown>> {
  return typeof entry === "string" ? Object.fromEntries(entry.split("+").map((name) => [name, {}])) : entry;
}
