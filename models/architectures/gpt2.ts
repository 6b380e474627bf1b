/**
 * GPT-2 (Radford et al., 2019).
 * @module
 */
import { z } from "zod";
import { tf } from "../../engine/tensor.ts";
import { endSchema, MOST_LAYERS, parseConfig, sizeSchema } from "../config.ts";
import { headWidth } from "../layers/attention.ts";
import { decoder } from "../layers/decoder.ts";
import { activations, activationSchema, layerNorm } from "../layers/linear-maps.ts";
import type { Architecture } from "../types.ts";

const size = sizeSchema();

const schema = z.object({
  vocab_size: size,
  n_positions: size,
  n_embd: size,
  n_layer: sizeSchema(MOST_LAYERS),
  n_head: size,
  n_inner: size.nullish(),
  activation_function: activationSchema().default("gelu_new"),
  layer_norm_epsilon: z.number().positive().default(1e-5),
  pad_token_id: z.int().nonnegative().nullish(),
  eos_token_id: endSchema(),
  scale_attn_weights: z.literal(true).optional(),
  scale_attn_by_inverse_layer_idx: z.literal(false).optional(),
  add_cross_attention: z.literal(false).optional(),
  tie_word_embeddings: z.literal(true).optional(),
});

/** GPT-2 under the names of transformers' `GPT2Model`. Weights of linear maps are stored as [in, out]. */
export const gpt2: Architecture = {
  citation:
    "Radford et al. (2019), Language Models are Unsupervised Multitask Learners, https://openai.com/research/better-language-models",
  classes: { classification: "GPT2ForSequenceClassification", generation: "GPT2LMHeadModel" },
  design(config) {
    const values = parseConfig(config, schema);
    const { n_embd: hidden, n_head: heads, layer_norm_epsilon: epsilon } = values;
    const wide = values.n_inner ?? 4 * hidden;
    const activate = activations[values.activation_function];
    return decoder({
      sizes: {
        vocabulary: values.vocab_size,
        positions: values.n_positions,
        hidden,
        layers: values.n_layer,
        heads,
        keyValueHeads: heads,
        head: headWidth(hidden, heads),
      },
      names: {
        prefix: "transformer.",
        words: "wte",
        positions: "wpe",
        layer: (index) => `h.${index}`,
        norms: { attention: "ln_1", feedForward: "ln_2", last: "ln_f" },
      },
      linears: [
        { name: "attn.c_attn", role: "c_attn", in: hidden, out: 3 * hidden, biased: true },
        { name: "attn.c_proj", role: "attn.c_proj", in: hidden, out: hidden, biased: true },
        { name: "mlp.c_fc", role: "c_fc", in: hidden, out: wide, biased: true },
        { name: "mlp.c_proj", role: "mlp.c_proj", in: wide, out: hidden, biased: true },
      ],
      normalise: (x, weights, name) => layerNorm(x, weights, name, epsilon),
      normBiased: true,
      project(linear, x) {
        const [queries, keys, values] = tf.split(linear("attn.c_attn", x), 3, 1);
        return { queries, keys, values };
      },
      feedForward: (linear, x) => linear("mlp.c_proj", activate(linear("mlp.c_fc", x))),
      outputs: { attention: "attn.c_proj", feedForward: "mlp.c_proj" },
      loraTargets: ["c_attn"],
      ia3Targets: { outputs: ["c_attn"], inputs: ["mlp.c_proj"] },
      scores: "lm_head.weight",
      tied: true,
      padding: values.pad_token_id ?? 0,
      end: values.eos_token_id,
    });
  },
};
