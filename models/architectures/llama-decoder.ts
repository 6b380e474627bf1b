/**
 * The decoder of Llama (Touvron et al., 2023, https://arxiv.org/abs/2302.13971) and similar models.
 * @module
 */
import { z } from "zod";
import { endSchema, LARGEST_SIZE, MOST_LAYERS, parseConfig, sizeSchema } from "../config.ts";
import { headWidth } from "../layers/attention.ts";
import { decoder } from "../layers/decoder.ts";
import type { DecoderOptions, LayerLinear } from "../layers/decoder-layout.ts";
import { activationSchema, gatedLinearUnit, rmsNorm } from "../layers/linear-maps.ts";
import { rotary, rotarySchema } from "../layers/rotary.ts";
import type { Config, Design } from "../types.ts";

const size = sizeSchema();

const schema = z.object({
  vocab_size: size,
  hidden_size: size,
  num_hidden_layers: sizeSchema(MOST_LAYERS),
  num_attention_heads: size,
  num_key_value_heads: size.nullish(),
  head_dim: size.nullish(),
  intermediate_size: size,
  hidden_act: activationSchema(),
  max_position_embeddings: size,
  rms_norm_eps: z.number().positive().default(1e-6),
  rope_parameters: rotarySchema().default({ rope_type: "default", rope_theta: 10000 }),
  pad_token_id: z.int().nonnegative().nullish(),
  eos_token_id: endSchema(),
  tie_word_embeddings: z.boolean().default(false),
});

/** How a model differs from Llama. */
export interface LlamaVariant extends Pick<DecoderOptions, "window"> {
  /** Which of the maps q_proj, k_proj, v_proj and o_proj of attention have a bias. */
  biased?: readonly string[];
  /** Whether the maps of the feed-forward network have a bias. */
  feedForwardBiased?: boolean;
  /** Roles whose output IA³ scales by default. */
  ia3Outputs?: readonly string[];
}

/** Widths that the linear maps of a layer lead from and to. */
interface Widths {
  hidden: number;
  queries: number;
  keysAndValues: number;
  feedForward: number;
}

/** The linear maps of a layer, in the order of the forward pass. */
function layerLinears(widths: Widths, { biased = [], feedForwardBiased = false }: LlamaVariant): LayerLinear[] {
  const { hidden, queries, keysAndValues, feedForward } = widths;
  const attention = (role: string, from: number, to: number): LayerLinear => (
    { name: `self_attn.${role}`, role, in: from, out: to, biased: biased.includes(role) }
  );
  const mlp = (role: string, from: number, to: number): LayerLinear => (
    { name: `mlp.${role}`, role, in: from, out: to, biased: feedForwardBiased }
  );
  return [
    attention("q_proj", hidden, queries),
    attention("k_proj", hidden, keysAndValues),
    attention("v_proj", hidden, keysAndValues),
    attention("o_proj", queries, hidden),
    mlp("gate_proj", hidden, feedForward),
    mlp("up_proj", hidden, feedForward),
    mlp("down_proj", feedForward, hidden),
  ];
}

/**
 * The decoder that a config of this family describes.
 * @throws {Error} if a value is missing or not supported
 */
export function llamaDecoder(config: Config, variant: LlamaVariant): Design {
  const values = parseConfig(config, schema);
  const { hidden_size: hidden, num_attention_heads: heads } = values;
  const head = values.head_dim ?? headWidth(hidden, heads);
  if (heads * head > LARGEST_SIZE) {
    throw new Error(
      `Cannot use ${config.path}: heads times their width must be at most ${LARGEST_SIZE}, ` +
        `current value is ${heads * head}`,
    );
  }
  const keyValueHeads = values.num_key_value_heads ?? heads;
  const widths: Widths = {
    hidden,
    queries: heads * head,
    keysAndValues: keyValueHeads * head,
    feedForward: values.intermediate_size,
  };
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
    linears: layerLinears(widths, variant),
    outputFirst: true,
    normalise: (x, weights, name) => rmsNorm(x, weights, name, values.rms_norm_eps),
    normBiased: false,
    project: (linear, x) => ({
      queries: linear("self_attn.q_proj", x),
      keys: linear("self_attn.k_proj", x),
      values: linear("self_attn.v_proj", x),
    }),
    feedForward: (linear, x) =>
      linear("mlp.down_proj", gatedLinearUnit(values.hidden_act, linear("mlp.gate_proj", x), linear("mlp.up_proj", x))),
    rotation: rotary(head, values.rope_parameters),
    window: variant.window,
    outputs: { attention: "self_attn.o_proj", feedForward: "mlp.down_proj" },
    loraTargets: ["q_proj", "v_proj"],
    ia3Targets: { outputs: variant.ia3Outputs ?? ["k_proj", "v_proj"], inputs: ["down_proj"] },
    scores: "lm_head.weight",
    tied: values.tie_word_embeddings,
    padding: values.pad_token_id ?? 0,
    end: values.eos_token_id,
  });
}
