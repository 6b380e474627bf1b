/**
 * The adapter_config.json of Hugging Face PEFT 0.21 (https://github.com/huggingface/peft), for the methods that PEFT
 * has a form for. Fields left out stand at PEFT's defaults.
 * @module
 */
import { z } from "zod";
import { showValue } from "../base/errors.ts";
import { describeFault } from "../base/schema.ts";
import type { Tensors } from "../engine/tensor.ts";
import type { BackboneShape, LinearSite } from "../models/types.ts";
import type { PeftConfig, TensorLayout } from "./types.ts";

/** What PEFT puts before the names of a model's parts. */
export const PEFT_MODEL = "base_model.model.";

function renamed(tensors: Tensors, names: ReadonlyMap<string, string>): Tensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [names.get(name)!, tensor]));
}

/**
 * A layout with the parameters as they are, under other names.
 * @param shapes of the parameters, by name
 * @param keyOf the key of a parameter; different for different names
 */
export function renamedLayout(
  shapes: Record<string, readonly number[]>,
  keyOf: (name: string) => string,
): TensorLayout {
  const keys = new Map(Object.keys(shapes).map((name) => [name, keyOf(name)]));
  const names = new Map([...keys].map(([name, key]) => [key, name]));
  return {
    shapes: Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [keys.get(name)!, shape])),
    tensors: (parameters) => renamed(parameters, keys),
    parameters: (stored) => renamed(stored, names),
  };
}

/** Fields of any adapter of a sequence classifier. */
export function peftConfig(type: string, fields: Record<string, unknown>): Record<string, unknown> {
  return {
    auto_mapping: null,
    base_model_name_or_path: null,
    inference_mode: true,
    modules_to_save: ["classifier", "score"],
    peft_type: type,
    peft_version: "0.21.2",
    revision: null,
    task_type: "SEQ_CLS",
    ...fields,
  };
}

/** Stacks of layers that PEFT counts rows for: both of an encoder-decoder, unless they are read soundly. */
export function peftStacks({ encoderDecoder }: BackboneShape, reading?: "peft"): number {
  return encoderDecoder && reading === "peft" ? 2 : 1;
}

/** What PEFT says of the rows of a prompt. */
export function promptRows(shape: BackboneShape): Record<string, number> {
  return {
    num_attention_heads: shape.queryHeads ?? shape.attentionHeads,
    num_layers: shape.keyValueWidths.length,
    token_dim: shape.embeddingWidth,
  };
}

/** What PEFT says of the rows of a prefix. */
export function prefixRows(shape: BackboneShape): Record<string, number> {
  return {
    num_attention_heads: shape.attentionHeads,
    num_layers: shape.keyValueWidths.length,
    token_dim: shape.keyValueWidths[0],
  };
}

/** Fields of an adapter of `virtualTokens` rows. */
export function peftPromptConfig(
  type: string,
  virtualTokens: number,
  rows: Record<string, number>,
  fields: Record<string, unknown>,
): Record<string, unknown> {
  return peftConfig(type, {
    num_transformer_submodules: 1,
    num_virtual_tokens: virtualTokens,
    ...rows,
    ...fields,
  });
}

/** Fields of any config that say nothing about what is computed, or are read elsewhere. */
const COMMON = [
  "auto_mapping",
  "base_model_name_or_path",
  "inference_mode",
  "modules_to_save",
  "peft_type",
  "peft_version",
  "revision",
  "task_type",
];

/** Whether a field asks for nothing. */
function isOff(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/**
 * The fields of a config that a schema names. Every other field must be off: what it asks for is not there.
 * @param free fields of whatever value, as they say nothing about what is computed
 * @throws {Error} one sentence about the first field that breaks a rule
 * @internal
 */
export function peftFields<T>(
  { path, values }: PeftConfig,
  schema: z.ZodObject<z.ZodRawShape, z.core.$strip> & z.ZodType<T>,
  free: readonly string[] = [],
): T {
  const result = schema.safeParse(values);
  if (!result.success) throw new Error(`Cannot read ${path}: ${describeFault(result.error, values)}`);
  const known = new Set([...COMMON, ...free, ...Object.keys(schema.shape)]);
  const asked = Object.keys(values).find((key) => !known.has(key) && !isOff(values[key]));
  if (asked === undefined) return result.data;
  throw new Error(
    `Cannot read ${path}: ${showValue(asked)} must be off, as it is not supported, current value is ${
      showValue(values[asked])
    }`,
  );
}

/**
 * Rows of a prompt, widths, ranks: more than anybody uses, and few enough to count out.
 * @internal
 */
export function peftSize(): z.ZodType<number> {
  return z.int().min(1).max(1 << 16);
}

/**
 * Fields of an adapter with virtual tokens.
 * @param rows what PEFT says of rows on this backbone
 * @throws {Error} as `peftFields`, or if the rows are those of another backbone
 * @internal
 */
export function peftPromptFields<T>(
  config: PeftConfig,
  rows: Record<string, number>,
  schema: z.ZodObject<z.ZodRawShape, z.core.$strip> & z.ZodType<T>,
  free: readonly string[] = [],
): T {
  const differ = Object.entries(rows).filter(([key, size]) => (config.values[key] ?? size) !== size);
  if (differ.length > 0) {
    const list = differ.map(([key, size]) =>
      `${key} must be ${size}, current value is ${showValue(config.values[key])}`
    );
    throw new Error(`Cannot read ${config.path}: it is of another model: ${list.join("; ")}`);
  }
  return peftFields(config, schema, [...Object.keys(rows), ...free]);
}

/**
 * `num_transformer_submodules`: stacks of layers that have rows; by default both of an encoder-decoder.
 * @internal
 */
export function peftSubmodules({ encoderDecoder }: BackboneShape): z.ZodType<number> {
  const most = encoderDecoder ? 2 : 1;
  return z.int().min(1).max(most).nullish().transform((value) => value ?? most);
}

/** PEFT's reading of virtual tokens; of an encoder-decoder only if both stacks have rows, as nothing else tells it apart. */
export function peftReading(submodules: number, shape: BackboneShape): { reading?: "peft" } {
  return submodules === peftStacks(shape, "peft") ? { reading: "peft" } : {};
}

/**
 * `target_modules` and `feedforward_modules`. A regular expression of strangers may take forever.
 * @internal
 */
export function peftModulesSchema(): z.ZodType<"all-linear" | string[]> {
  return z.union([z.literal("all-linear"), z.array(z.string()).max(1 << 16)], {
    error: 'must be a list of names or "all-linear"',
  });
}

/** Roles of the linear maps that PEFT's `target_modules` names by the ends of their paths. */
export function peftTargets(modules: "all-linear" | readonly string[], { linears }: BackboneShape): string[] {
  const ends = new Set(modules);
  const isHit = (name: string) => {
    if (modules === "all-linear" || ends.has(name)) return true;
    for (let at = name.indexOf("."); at >= 0; at = name.indexOf(".", at + 1)) {
      if (ends.has(name.slice(at + 1))) return true;
    }
    return false;
  };
  return [...new Set(linears.filter(({ name }) => isHit(name)).map(({ role }) => role))];
}

/**
 * What `target_modules` lists for the linear maps of some roles: the roles, or, as PEFT knows names by their ends, the
 * maps' whole names where the roles' would hit others.
 */
export function peftModules(sites: readonly LinearSite[], shape: BackboneShape): string[] {
  const roles = [...new Set(sites.map(({ role }) => role))];
  return peftTargets(roles, shape).every((role) => roles.includes(role)) ? roles : sites.map(({ name }) => name);
}
