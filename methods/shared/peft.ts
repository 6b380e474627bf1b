/**
 * The adapter_config.json of Hugging Face PEFT 0.21 (https://github.com/huggingface/peft): what methods need to write and to
 * read it. PEFT takes its defaults for fields that are left out.
 * @module
 */
import { z } from "zod";
import { showValue } from "../../base/errors.ts";
import { describeFault } from "../../base/schema.ts";
import type { Tensors } from "../../engine/tensor.ts";
import type { BackboneShape, LinearSite } from "../../models/types.ts";
import type { PeftConfig, TensorLayout } from "../types.ts";

/** What PEFT puts before the names of a model's modules. */
export const PEFT_MODEL = "base_model.model.";

function renamed(tensors: Tensors, names: ReadonlyMap<string, string>): Tensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [names.get(name)!, tensor]));
}

/**
 * A layout that stores parameters unchanged under other names.
 * @param shapes of the parameters, by name
 * @param keyOf the key in the file for a parameter's name; no two names may have the same key
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

/** The config of an adapter for a sequence classifier: the fields that every method has, and `fields`. */
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

/** Number of stacks of layers that PEFT stores virtual tokens for: 2 with its reading of an encoder-decoder, else 1. */
export function peftStacks({ encoderDecoder }: BackboneShape, reading?: "peft"): number {
  return encoderDecoder && reading === "peft" ? 2 : 1;
}

/** The fields that describe the backbone of a prompt: its heads, layers and width. */
export function promptRows(shape: BackboneShape): Record<string, number> {
  return {
    num_attention_heads: shape.queryHeads ?? shape.attentionHeads,
    num_layers: shape.keyValueWidths.length,
    token_dim: shape.embeddingWidth,
  };
}

/** The fields that describe the backbone of a prefix: its heads, layers and width. */
export function prefixRows(shape: BackboneShape): Record<string, number> {
  return {
    num_attention_heads: shape.attentionHeads,
    num_layers: shape.keyValueWidths.length,
    token_dim: shape.keyValueWidths[0],
  };
}

/**
 * The config of an adapter with virtual tokens.
 * @param rows `promptRows` or `prefixRows` of the backbone
 */
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

/** Fields of every config that do not change what the method computes, or that others read. */
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

/** Whether the value of a field switches nothing on. */
function isOff(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/**
 * The fields of a config that a schema names. Every other field must be off, as the feature that it switches on is missing
 * here.
 * @param ignored fields that may have any value, as they do not change what the method computes
 * @throws {Error} one sentence about the first field that breaks a rule
 * @internal
 */
export function peftFields<T>(
  { path, values }: PeftConfig,
  schema: z.ZodObject<z.ZodRawShape, z.core.$strip> & z.ZodType<T>,
  ignored: readonly string[] = [],
): T {
  const result = schema.safeParse(values);
  if (!result.success) throw new Error(`Cannot read ${path}: ${describeFault(result.error, values)}`);
  const known = new Set([...COMMON, ...ignored, ...Object.keys(schema.shape)]);
  const unsupported = Object.keys(values).find((key) => !known.has(key) && !isOff(values[key]));
  if (unsupported === undefined) return result.data;
  throw new Error(
    `Cannot read ${path}: ${showValue(unsupported)} must be off, as it is not supported, current value is ${
      showValue(values[unsupported])
    }`,
  );
}

/**
 * A number of rows, a width or a rank. The limit is above all that is in use, and keeps a hostile config from asking for
 * huge tensors.
 * @internal
 */
export function peftSize(): z.ZodType<number> {
  return z.int().min(1).max(1 << 16);
}

/**
 * The fields of the config of an adapter with virtual tokens, as `peftFields`.
 * @param rows `promptRows` or `prefixRows` of the backbone
 * @throws {Error} as `peftFields`, or if the config describes another backbone
 * @internal
 */
export function peftPromptFields<T>(
  config: PeftConfig,
  rows: Record<string, number>,
  schema: z.ZodObject<z.ZodRawShape, z.core.$strip> & z.ZodType<T>,
  ignored: readonly string[] = [],
): T {
  const differing = Object.entries(rows).filter(([key, size]) => (config.values[key] ?? size) !== size);
  if (differing.length > 0) {
    const list = differing.map(([key, size]) =>
      `${key} must be ${size}, current value is ${showValue(config.values[key])}`
    );
    throw new Error(`Cannot read ${config.path}: it is of another model: ${list.join("; ")}`);
  }
  return peftFields(config, schema, [...Object.keys(rows), ...ignored]);
}

/**
 * `num_transformer_submodules`: the number of stacks of layers that virtual tokens are stored for; if left out, all.
 * @internal
 */
export function peftSubmodules({ encoderDecoder }: BackboneShape): z.ZodType<number> {
  const most = encoderDecoder ? 2 : 1;
  return z.int().min(1).max(most).nullish().transform((value) => value ?? most);
}

/**
 * The option `reading` that a config implies. Of an encoder-decoder it is "peft" only if rows are stored for both stacks:
 * nothing else tells an adapter of PEFT from one of TuneBench.
 */
export function peftReading(submodules: number, shape: BackboneShape): { reading?: "peft" } {
  return submodules === peftStacks(shape, "peft") ? { reading: "peft" } : {};
}

/**
 * `target_modules` and `feedforward_modules`. PEFT also takes regular expressions; these are refused, as one from a stranger
 * may take forever.
 * @internal
 */
export function peftModulesSchema(): z.ZodType<"all-linear" | string[]> {
  return z.union([z.literal("all-linear"), z.array(z.string()).max(1 << 16)], {
    error: 'must be a list of names or "all-linear"',
  });
}

/** Roles of the linear maps that `target_modules` selects: PEFT compares its entries with the ends of the maps' paths. */
export function peftTargets(modules: "all-linear" | readonly string[], { linears }: BackboneShape): string[] {
  const ends = new Set(modules);
  const isTarget = (name: string) => {
    if (modules === "all-linear" || ends.has(name)) return true;
    for (let at = name.indexOf("."); at >= 0; at = name.indexOf(".", at + 1)) {
      if (ends.has(name.slice(at + 1))) return true;
    }
    return false;
  };
  return [...new Set(linears.filter(({ name }) => isTarget(name)).map(({ role }) => role))];
}

/**
 * `target_modules` for the linear maps of some roles: the roles, or the maps' whole names if PEFT would find further maps by
 * the roles, as it compares the ends of names.
 */
export function peftModules(sites: readonly LinearSite[], shape: BackboneShape): string[] {
  const roles = [...new Set(sites.map(({ role }) => role))];
  return peftTargets(roles, shape).every((role) => roles.includes(role)) ? roles : sites.map(({ name }) => name);
}
