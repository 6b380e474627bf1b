/**
 * Validates texts by the schema of the Citation File Format 1.2.0.
 * @module
 */
import { parse } from "yaml";
import { z } from "zod";

const path = new URL("../../golden/cff/schema-1.2.0.json", import.meta.url);
// zod knows a draft by its exact address, which ends with #.
const schema = z.fromJSONSchema({
  ...JSON.parse(await Deno.readTextFile(path)),
  $schema: "http://json-schema.org/draft-07/schema#",
});

/** The value of a CITATION.cff. @throws {ZodError} if the schema does not allow it */
export function parseCff(text: string): Record<string, unknown> {
  const value = parse(text);
  schema.parse(value);
  return value;
}
