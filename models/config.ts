/**
 * A model folder's config.json.
 * @module
 */
import { z } from "zod";
import type { Config } from "./types.ts";

/** Bytes of the longest config that is read. */
const LONGEST = 1 << 20;
/** The largest size of a model; the bound keeps a hostile config from asking for more than can be counted out. */
export const LARGEST_SIZE = 1 << 24;
/** The most layers of a model. */
export const MOST_LAYERS = 1024;

const shared = z.looseObject({
  model_type: z.string(),
  quantization_config: z.null("must not be given: quantised weights are not supported").optional(),
  dtype: z.enum(["float32", "float16", "bfloat16"]).nullish(),
});

/**
 * Reads a file of JSON.
 * @throws {Error} if it is missing, longer than `longest` bytes, or holds no JSON object
 */
export async function readObject(path: string, longest: number): Promise<Record<string, unknown>> {
  const { size } = await Deno.stat(path).catch(() => {
    throw new Error(`Cannot read ${path}: there must be such a file`);
  });
  if (size > longest) {
    throw new Error(`Cannot read ${path}: it must have at most ${longest} bytes, current value is ${size}`);
  }
  const text = await Deno.readTextFile(path);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(
      `Cannot read ${path}: it must be JSON, ${(error as Error).message.replace(/\s+/g, " ").slice(0, 100)}`,
    );
  }
  if (value !== null && typeof value === "object" && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new Error(`Cannot read ${path}: it must hold a JSON object`);
}

/**
 * `eos_token_id`: one token or several, of which the first is the one that texts are trained to end with.
 * @internal
 */
export function endSchema(): z.ZodType<number | undefined> {
  return z.union([z.int().nonnegative(), z.array(z.int().nonnegative()).min(1)]).nullish()
    .transform((value) => [value].flat()[0] ?? undefined);
}

/** Values in the spelling of transformers 5. */
function respelled({ torch_dtype, rope_theta, rope_scaling, ...values }: Record<string, unknown>) {
  values.dtype ??= torch_dtype;
  if (values.rope_parameters === undefined && (rope_theta ?? rope_scaling ?? undefined) !== undefined) {
    const { type, ...scaling } = (rope_scaling ?? {}) as Record<string, unknown>;
    values.rope_parameters = { rope_theta, rope_type: type ?? "default", ...scaling };
  }
  return values;
}

/**
 * Reads the config of a model folder.
 * @throws {Error} if it is missing, too long, no JSON object, or of quantised weights
 */
export async function readConfig(folder: string): Promise<Config> {
  const path = `${folder}/config.json`;
  const config = { path, values: respelled(await readObject(path, LONGEST)) };
  parseConfig(config, shared);
  return config;
}

/** A value as a message shows it. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "missing";
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/**
 * The values that a schema names.
 * @throws {Error} one sentence about the first value that breaks a rule
 * @internal
 */
export function parseConfig<T>({ path, values }: Config, schema: z.ZodType<T>): T {
  const result = schema.safeParse(values);
  if (result.success) return result.data;
  const [{ path: place, message }] = result.error.issues;
  const current = place.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown>)?.[key], values);
  throw new Error(
    `Cannot use ${path}: ${place.map(String).join(".")}: ${message[0].toLowerCase()}${message.slice(1)}, ` +
      `current value is ${shown(current)}`,
  );
}
