/**
 * The adapter_config.json of Hugging Face PEFT 0.21 (https://github.com/huggingface/peft), for the methods that PEFT
 * has a form for. Fields left out stand at PEFT's defaults.
 * @module
 */
import type { BackboneShape } from "../models/types.ts";

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
