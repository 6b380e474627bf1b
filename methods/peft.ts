/**
 * The adapter_config.json of Hugging Face PEFT 0.21 (https://github.com/huggingface/peft), for the methods that PEFT
 * has a form for. Fields left out stand at PEFT's defaults.
 * @module
 */
import type { Tensors } from "../engine/tensor.ts";
import type { BackboneShape, LinearSite } from "../models/types.ts";

/** What PEFT puts before the names of a model's parts. */
export const PEFT_MODEL = "base_model.model.";

/** Tensors under names made of their own. */
export function renamed(tensors: Tensors, rename: (name: string) => string): Tensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [rename(name), tensor]));
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

/** Fields of an adapter of `virtualTokens` rows. */
export function peftPromptConfig(
  type: string,
  virtualTokens: number,
  tokenWidth: number,
  shape: BackboneShape,
  fields: Record<string, unknown>,
): Record<string, unknown> {
  return peftConfig(type, {
    num_attention_heads: shape.attentionHeads,
    num_layers: shape.keyValueWidths.length,
    num_transformer_submodules: 1,
    num_virtual_tokens: virtualTokens,
    token_dim: tokenWidth,
    ...fields,
  });
}

/** Roles of the linear maps that PEFT's `target_modules` names by the ends of their paths. */
export function peftTargets(modules: unknown, { linears }: BackboneShape): string[] {
  if (!Array.isArray(modules)) {
    throw new Error(
      `Cannot read the adapter: its target_modules must be a list of names, current value is ${
        JSON.stringify(modules)
      }`,
    );
  }
  const hit = linears.filter(({ name }) => modules.some((end) => name === end || name.endsWith(`.${end}`)));
  return [...new Set(hit.map(({ role }) => role))];
}

/**
 * What `target_modules` lists for the linear maps of some roles: the roles, or, as PEFT knows names by their ends, the
 * maps' whole names where the roles' would hit others.
 */
export function peftModules(sites: readonly LinearSite[], shape: BackboneShape): string[] {
  const roles = [...new Set(sites.map(({ role }) => role))];
  return peftTargets(roles, shape).every((role) => roles.includes(role)) ? roles : sites.map(({ name }) => name);
}
