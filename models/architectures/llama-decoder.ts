/**
 * The decoder of Llama (Touvron et al., 2023, https://arxiv.org/abs/2302.13971) and its kin.
 * @module
 */
import { z } from "zod";
import { endSchema, LARGEST_SIZE, MOST_LAYERS, parseConfig } from "../config.ts";
import { decoder, type DecoderOptions } from "../layers/decoder.ts";
import { type Activation, activations, rmsNorm } from "../layers/linear-maps.ts";
import { rotary, rotarySchema } from "../layers/rotary.ts";
import type { Config, Design } from "../types.ts";

const size = z.int().min(1).max(LARGEST_SIZE);

const schema = z.object({
  vocab_size: size,
  hidden_size: size,
  num_hidden_layers: size.max(MOST_LAYERS),
  num_attention_heads: size,
  num_key_value_heads: size.nullish(),
  head_dim: size.nullish(),
  intermediate_size: size,
  hidden_act: z.enum(Object.keys(activations) as Activation[]),
  max_position_embeddings: size,
  rms_norm_eps: z.number().positive().default(1e-6),
  rope_parameters: rotarySchema().default({ rope_type: "default", rope_theta: 10000 }),
  pad_token_id: z.int().nonnegative().nullish(),
  eos_token_id: endSchema(),
  tie_word_embeddings: z.boolean().default(false),
});

/** In what a model differs from Llama. */
export interface LlamaVariant extends Pick<DecoderOptions, "window"> {
  /** Which of the maps q, k, v and o of attention have a bias. */
  biased?: readonly string[];
  /** Whether the maps of the feed-forward network have one. */
  feedForwardBiased?: boolean;
  /** What IA³ scales the output of by default. */
  ia3Outputs?: readonly string[];
}

/**
 * The decoder that a config of this family describes.
 * @throws {Error} if a value is missing, or not supported
 */
export function llamaDecoder(config: Config, variant: LlamaVariant): Design {
  const values = parseConfig(config, schema);
  const { hidden_size: hidden, num_attention_heads: heads, intermediate_size: wide, head_dim: given } = values;
  if (!given && hidden % heads !== 0) {
    throw new Error(`Cannot split the width into heads: ${hidden} must be a multiple of ${heads}`);
  }
  const head = given ?? hidden / heads;
  if (heads * head > LARGEST_SIZE) {
    throw new Error(
      `Cannot use ${config.path}: heads times their width must be at most ${LARGEST_SIZE}, ` +
        `current value is ${heads * head}`,
    );
  }
  const keyValueHeads = values.num_key_value_heads ?? heads;
  const { biased = [], feedForwardBiased = false, ia3Outputs = ["k_proj", "v_proj"], window } = variant;
  const activate = activations[values.hidden_act];
  const ofAttention = (role: string, from: number, to: number) => ({
    name: `self_attn.${role}`,
    role,
    in: from,
    out: to,
    biased: biased.includes(role),
  });
  const ofFeedForward = (role: string, from: number, to: number) => ({
    name: `mlp.${role}`,
    role,
    in: from,
    out: to,
    biased: feedForwardBiased,
  });
  return decoder({
    sizes: {
      vocabulary: values.vocab_size,
      positions: values.max_position_embeddings,
      hidden,
      layers: values.num_hidden_layers,
      heads,
      keyValueHeads,
      head,
    },
    names: {
      prefix: "model.",
      words: "embed_tokens",
      layer: (index) => `layers.${index}`,
      norms: { attention: "input_layernorm", feedForward: "post_attention_layernorm", last: "norm" },
    },
    linears: [
      ofAttention("q_proj", hidden, heads * head),
      ofAttention("k_proj", hidden, keyValueHeads * head),
      ofAttention("v_proj", hidden, keyValueHeads * head),
      ofAttention("o_proj", heads * head, hidden),
      ofFeedForward("gate_proj", hidden, wide),
      ofFeedForward("up_proj", hidden, wide),
      ofFeedForward("down_proj", wide, hidden),
    ],
    outputFirst: true,
    normalise: (x, weights, name) => rmsNorm(x, weights, name, values.rms_norm_eps),
    normBiased: false,
    project: (linear, x) => ({
      queries: linear("self_attn.q_proj", x),
      keys: linear("self_attn.k_proj", x),
      values: linear("self_attn.v_proj", x),
    }),
    // SwiGLU (Shazeer, 2020, https://arxiv.org/abs/2002.05202).
    feedForward: (linear, x) =>
      linear("mlp.down_proj", activate(linear("mlp.gate_proj", x)).mul(linear("mlp.up_proj", x))),
    rotation: rotary(head, values.rope_parameters),
    window,
    outputs: { attention: "self_attn.o_proj", feedForward: "mlp.down_proj" },
    loraTargets: ["q_proj", "v_proj"],
    ia3Targets: { outputs: ia3Outputs, inputs: ["down_proj"] },
    scores: values.tie_word_embeddings ? undefined : "lm_head.weight",
    padding: values.pad_token_id ?? 0,
    end: values.eos_token_id,
  });
}
