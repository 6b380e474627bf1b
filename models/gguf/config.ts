/**
 * The model that the header of a GGUF file describes, in terms of transformers: values of config.json, and the name of each
 * weight.
 * @module
 */
import { z } from "zod";
import { parseConfig } from "../config.ts";
import type { GgufHeader, GgufTensor } from "./file.ts";
import { frequencies, type RotaryParameters } from "../layers/rotary.ts";

/** The tensor with the factors that the rotation's angles are divided by. */
export const RESCALING = "rope_freqs.weight";
/** Largest relative difference of its values, which were computed in float32, from those computed here. */
const TOLERANCE = 1e-4;

/** A tensor, and the order of its rows. */
export interface GgufWeight extends GgufTensor {
  /**
   * Number of heads whose rows are reordered: llama.cpp's converter puts the two rows of a rotated pair side by side. Absent:
   * the rows are in the order of transformers.
   */
  pairedHeads?: number;
}

/** A model in terms of transformers. */
export interface GgufModel {
  /** Values of config.json. */
  config: Record<string, unknown> & { model_type: string };
  /** Tensors by the names of the weights in transformers. */
  weights: Record<string, GgufWeight>;
}

const size = z.int().min(1);
const none = z.literal(0).optional();

/** Metadata that say what the file holds. */
const general = z.object({
  "general.architecture": z.enum(["llama", "qwen2"]),
  "split.count": z.literal([0, 1], { error: "a model must be in one file, gguf-split --merge joins them" }).optional(),
});

/** Metadata of the architecture; in the file, its name stands before each key. */
const architectureSchema = {
  block_count: size,
  embedding_length: size,
  feed_forward_length: size,
  context_length: size,
  vocab_size: size.optional(),
  "attention.head_count": size,
  "attention.head_count_kv": size.optional(),
  "attention.key_length": size.optional(),
  "attention.value_length": size.optional(),
  "attention.layer_norm_rms_epsilon": z.number().positive(),
  "attention.causal": z.literal(true).optional(),
  "rope.dimension_count": size.optional(),
  "rope.freq_base": z.number().positive().default(10000),
  "rope.scaling.type": z.literal("none", { error: "a rescaled rotation is not supported" }).optional(),
  "rope.scaling.factor": z.literal([0, 1], { error: "a rescaled rotation is not supported" }).optional(),
  "rope.scale_linear": z.literal([0, 1], { error: "a rescaled rotation is not supported" }).optional(),
  expert_count: none,
};

type ArchitectureValues = z.infer<z.ZodObject<typeof architectureSchema>>;

/** Metadata of the architecture of that name, by keys without the name. */
function readArchitecture({ path, metadata: values }: GgufHeader, name: string): ArchitectureValues {
  const prefixed = Object.fromEntries(
    Object.entries(architectureSchema).map(([key, schema]) => [`${name}.${key}`, schema]),
  );
  const parsed = parseConfig({ path, values }, z.object(prefixed)) as Record<string, unknown>;
  return Object.fromEntries(
    Object.keys(architectureSchema).map((key) => [key, parsed[`${name}.${key}`]]),
  ) as ArchitectureValues;
}

const tokenIds = z.object({
  "tokenizer.ggml.bos_token_id": z.int().nonnegative().optional(),
  "tokenizer.ggml.eos_token_id": z.int().nonnegative().optional(),
  "tokenizer.ggml.padding_token_id": z.int().nonnegative().optional(),
});

/** Names of a layer's parts: in GGUF → in transformers. */
const layerNames: Record<string, string> = {
  attn_norm: "input_layernorm",
  attn_q: "self_attn.q_proj",
  attn_k: "self_attn.k_proj",
  attn_v: "self_attn.v_proj",
  attn_output: "self_attn.o_proj",
  ffn_norm: "post_attention_layernorm",
  ffn_gate: "mlp.gate_proj",
  ffn_up: "mlp.up_proj",
  ffn_down: "mlp.down_proj",
};

/** Names of the other weights: in GGUF → in transformers. */
const otherNames: Record<string, string> = {
  "token_embd.weight": "model.embed_tokens.weight",
  "output_norm.weight": "model.norm.weight",
  "output.weight": "lm_head.weight",
};

/** The name of a tensor in transformers; for an unknown tensor, a name that no model has. */
function nameOf(tensor: string): string {
  const [, layer, part, kind] = /^blk\.(\d+)\.(\w+)\.(weight|bias)$/.exec(tensor) ?? [];
  if (part !== undefined && Object.hasOwn(layerNames, part)) return `model.layers.${layer}.${layerNames[part]}.${kind}`;
  return Object.hasOwn(otherNames, tensor) ? otherNames[tensor] : `model.${tensor}`;
}

/**
 * The rotation: not rescaled, or rescaled as in Llama 3.
 * @param rescaling values of `RESCALING`, if the file has it
 * @throws {Error} if they are not those of Llama 3
 */
function rotation(
  path: string,
  head: number,
  rope_theta: number,
  rescaling: Float32Array | undefined,
): RotaryParameters {
  const plain: RotaryParameters = { rope_type: "default", rope_theta };
  if (!rescaling) return plain;
  const llama3: RotaryParameters = {
    rope_type: "llama3",
    rope_theta,
    // Files hold only the factors that follow from these four values. That of the slowest pair is `factor` itself.
    factor: Math.max(1, ...rescaling.slice(-1)),
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 8192,
  };
  // If the lengths differ, a hostile head width could ask for too many frequencies.
  const slower = rescaling.length === head / 2 ? frequencies(head, llama3) : [];
  const matches = slower.length > 0 && frequencies(head, plain).every((frequency, pair) => {
    const factor = frequency / slower[pair];
    return Math.abs(rescaling[pair] - factor) <= TOLERANCE * factor;
  });
  if (matches) return llama3;
  throw new Error(
    `Cannot use ${path}: ${RESCALING} must rescale the rotation as Llama 3 does, with factors 1 and 4 and 8192 positions; ` +
      "use the model's safetensors",
  );
}

/**
 * The model that a header describes.
 * @param rescaling values of the tensor `RESCALING`, if the file has it
 * @throws {Error} one sentence, if the architecture is neither Llama nor Qwen2, or if a value is missing or not supported
 */
export function describeGguf(header: GgufHeader, rescaling?: Float32Array): GgufModel {
  const { path, metadata, tensors } = header;
  const { "general.architecture": type } = parseConfig({ path, values: metadata }, general);
  const values = readArchitecture(header, type);
  const ids = parseConfig({ path, values: metadata }, tokenIds);
  const heads = values["attention.head_count"];
  const keyValueHeads = values["attention.head_count_kv"] ?? heads;
  const head = values["attention.key_length"] ?? values.embedding_length / heads;
  for (const key of ["attention.value_length", "rope.dimension_count"] as const) {
    if ((values[key] ?? head) !== head) {
      throw new Error(
        `Cannot use ${path}: ${type}.${key} must be ${head}, the width of a head, current value is ${values[key]}`,
      );
    }
  }
  const { "tokenizer.ggml.tokens": tokens } = metadata;
  return {
    config: {
      architectures: [type === "llama" ? "LlamaForCausalLM" : "Qwen2ForCausalLM"],
      model_type: type,
      hidden_size: values.embedding_length,
      intermediate_size: values.feed_forward_length,
      num_hidden_layers: values.block_count,
      num_attention_heads: heads,
      num_key_value_heads: keyValueHeads,
      head_dim: head,
      hidden_act: "silu",
      vocab_size: values.vocab_size ?? (Array.isArray(tokens) ? tokens.length : undefined),
      max_position_embeddings: values.context_length,
      rms_norm_eps: values["attention.layer_norm_rms_epsilon"],
      rope_parameters: rotation(path, head, values["rope.freq_base"], rescaling),
      tie_word_embeddings: !Object.hasOwn(tensors, "output.weight"),
      bos_token_id: ids["tokenizer.ggml.bos_token_id"],
      eos_token_id: ids["tokenizer.ggml.eos_token_id"],
      pad_token_id: ids["tokenizer.ggml.padding_token_id"],
      dtype: "float32",
    },
    weights: Object.fromEntries(
      Object.entries(tensors).filter(([tensor]) => tensor !== RESCALING).map(
        ([tensor, place]): [string, GgufWeight] => {
          const name = nameOf(tensor);
          if (type === "llama" && name.endsWith(".q_proj.weight")) return [name, { ...place, pairedHeads: heads }];
          if (type === "llama" && name.endsWith(".k_proj.weight")) {
            return [name, { ...place, pairedHeads: keyValueHeads }];
          }
          return [name, place];
        },
      ),
    ),
  };
}
