/**
 * A model folder's config.json.
 * @module
 */
import { z } from "zod";
import { readObject } from "../base/files.ts";
import { describeFault } from "../base/schema.ts";
import type { Config } from "./types.ts";

/** Bytes of the longest config that is read. */
const LONGEST = 1 << 20;
/** The largest size of a model; a hostile config must not ask for sizes whose product is no exact integer. */
export const LARGEST_SIZE = 1 << 24;
/** The most layers of a model. */
export const MOST_LAYERS = 1024;

const shared = z.looseObject({
  model_type: z.string(),
  quantization_config: z.null("must not be given: quantised weights are not supported").optional(),
  dtype: z.enum(["float32", "float16", "bfloat16"]).nullish(),
});

/**
 * A size of a model: a whole number from 1 to `largest`.
 * @internal
 */
export function sizeSchema(largest: number = LARGEST_SIZE): z.ZodType<number> {
  return z.int().min(1).max(largest);
}

/**
 * `eos_token_id`: one token or several, of which training uses the first.
 * @internal
 */
export function endSchema(): z.ZodType<number | undefined> {
  return z.union([z.int().nonnegative(), z.array(z.int().nonnegative()).min(1)]).nullish()
    .transform((value) => [value].flat()[0] ?? undefined);
}

/** Renames keys of earlier versions of transformers to those of version 5. */
function withCurrentNames({ torch_dtype, rope_theta, rope_scaling, ...values }: Record<string, unknown>) {
  values.dtype ??= torch_dtype;
  if (values.rope_parameters === undefined && (rope_theta ?? rope_scaling ?? undefined) !== undefined) {
    const { type, ...scaling } = (rope_scaling ?? {}) as Record<string, unknown>;
    values.rope_parameters = { rope_theta, rope_type: type ?? "default", ...scaling };
  }
  return values;
}

/**
 * The values of a model folder's config.json as they are written.
 * @throws {Error} if it is missing, too long or no JSON object
 */
export async function readConfigFile(folder: string): Promise<Record<string, unknown>> {
  return await readObject(`${folder}/config.json`, LONGEST);
}

/**
 * Reads the config of a model folder.
 * @throws {Error} as `readConfigFile`, or if the weights are quantised
 */
export async function readConfig(folder: string): Promise<Config> {
  const config = { path: `${folder}/config.json`, values: withCurrentNames(await readConfigFile(folder)) };
  parseConfig(config, shared);
  return config;
}

/**
 * The values of a config that a schema names.
 * @throws {Error} one sentence about the first value that breaks a rule
 * @internal
 */
export function parseConfig<T>({ path, values }: Config, schema: z.ZodType<T>): T {
  const result = schema.safeParse(values);
  if (result.success) return result.data;
  throw new Error(`Cannot use ${path}: ${describeFault(result.error, values)}`);
}
