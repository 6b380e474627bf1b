/**
 * P-tuning.
 * @module
 */
import { z } from "zod";
import { type Tensor, type Tensors, tf } from "../engine/tensor.ts";
import type { BackboneShape } from "../models/types.ts";
import { linear, linearParameters } from "./shared/linear.ts";
import { commonOptions, commonSpace } from "./shared/options.ts";
import { drawn, normal, shapesOf, uniform } from "./shared/parameter.ts";
import {
  peftPromptConfig,
  peftPromptFields,
  peftReading,
  peftSize,
  peftStacks,
  peftSubmodules,
  promptRows,
  renamedLayout,
} from "./shared/peft.ts";
import type { CommonOptions, Method, MethodParameter } from "./types.ts";

/** Options of P-tuning. */
export interface PTuningOptions extends CommonOptions {
  /** Rows n of the prompt. */
  virtualTokens: number;
  /** The prompt encoder: three linear maps with ReLU between, or a bidirectional LSTM of two layers and two linear maps. */
  encoder: "mlp" | "lstm";
  /** Width h of the encoder. */
  hidden: number;
  /** Layers of the LSTM; left out: 2. */
  lstmLayers?: number;
  /** "peft": virtual tokens are read as PEFT reads them, see {@linkcode Hooks}. */
  reading?: "peft";
}

const LSTM_LAYERS = 2;
const DIRECTIONS = ["", "_reverse"];

function lstmParameters(width: number, hidden: number, layers: number): MethodParameter[] {
  const draw = uniform(hidden ** -0.5);
  return Array.from({ length: layers }, (_, layer) =>
    DIRECTIONS.flatMap((direction) => {
      const name = (kind: string) => `lstm_head.${kind}_l${layer}${direction}`;
      return [
        drawn(name("weight_ih"), [4 * hidden, layer === 0 ? width : 2 * hidden], draw),
        drawn(name("weight_hh"), [4 * hidden, hidden], draw),
        drawn(name("bias_ih"), [4 * hidden], draw),
        drawn(name("bias_hh"), [4 * hidden], draw),
      ];
    })).flat();
}

/** One direction of an LSTM layer: rows x [n, in] → [n, h]. The gates are stored in the order input, forget, cell, output. */
function lstm(parameters: Tensors, suffix: string, x: Tensor, reverse: boolean): Tensor {
  const [weights, recurrent, bias, recurrentBias] = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
    .map((kind) => parameters[`lstm_head.${kind}_${suffix}`]);
  const [width, hidden] = recurrent.shape;
  const inputs = x.matMul(weights, false, true).add(bias).add(recurrentBias);
  const outputs: Tensor[] = [];
  let output: Tensor = tf.zeros([1, hidden]);
  let cell: Tensor = tf.zeros([1, hidden]);
  for (let step = 0; step < x.shape[0]; step++) {
    const row = reverse ? x.shape[0] - 1 - step : step;
    const gates = inputs.slice([row, 0], [1, width]).add(output.matMul(recurrent, false, true));
    const [inputGate, forgetGate, candidate, outputGate] = tf.split(gates, 4, 1);
    cell = forgetGate.sigmoid().mul(cell).add(inputGate.sigmoid().mul(candidate.tanh()));
    output = outputGate.sigmoid().mul(cell.tanh());
    outputs[row] = output;
  }
  return tf.concat(outputs, 0);
}

/** Number of rows that the encoder reads: n, with PEFT's reading of an encoder-decoder 2·n, of which the second half is unused. */
function rowsOf(shape: BackboneShape, { virtualTokens, reading }: PTuningOptions): number {
  return virtualTokens * peftStacks(shape, reading);
}

/** The rows [n, d_emb] that the encoder computes from its parameters. */
function encode(parameters: Tensors, { encoder, lstmLayers = LSTM_LAYERS }: PTuningOptions): Tensor {
  let x = parameters["embedding.weight"];
  if (encoder === "lstm") {
    for (let layer = 0; layer < lstmLayers; layer++) {
      const both = DIRECTIONS.map((direction) => lstm(parameters, `l${layer}${direction}`, x, direction !== ""));
      x = tf.concat(both, 1);
    }
    return linear(parameters, "mlp_head.2", linear(parameters, "mlp_head.0", x).relu());
  }
  for (const name of ["mlp_head.0", "mlp_head.2"]) x = linear(parameters, name, x).relu();
  return linear(parameters, "mlp_head.4", x);
}

/**
 * Puts rows before the input embeddings that a small trained network, the encoder, computes from trained rows. Parameters
 * have the names of PEFT's prompt encoder. Their number, with d = d_emb: of the MLP n·d + (d+1)·h + (h+1)·h + (h+1)·d; of
 * the LSTM n·d + 8h·(d+h+2) + (layers−1)·8h·(3h+2) + (2h+1)·(2h+d); with PEFT's reading of an encoder-decoder 2n for n.
 */
export const pTuning: Method<PTuningOptions> = {
  name: "p-tuning",
  description: "P-tuning: a trained encoder makes the virtual tokens before the text",
  paper: "Liu et al. (2021), GPT Understands, Too, https://arxiv.org/abs/2103.10385",
  options: z.strictObject({
    virtualTokens: z.int().min(1).default(8).describe("rows of the prompt"),
    encoder: z.enum(["mlp", "lstm"]).default("mlp").describe(
      "three linear maps with ReLU between; lstm: a bidirectional LSTM and two linear maps",
    ),
    hidden: z.int().min(1).default(128).describe("width of the encoder"),
    lstmLayers: z.int().min(1).optional().describe("layers of the LSTM; left out: 2"),
    reading: z.literal("peft").optional().describe("peft: the classifier reads the first virtual token, as in PEFT"),
    ...commonOptions(3e-3),
  }),
  space: { ...commonSpace(3e-4, 3e-2), virtualTokens: [2, 4, 8, 16, 32] },
  parameters(shape, options) {
    const { embeddingWidth: width } = shape;
    const { encoder, hidden, lstmLayers = LSTM_LAYERS } = options;
    const embedding = drawn("embedding.weight", [rowsOf(shape, options), width], normal(1));
    return encoder === "mlp"
      ? [
        embedding,
        ...linearParameters("mlp_head.0", width, hidden),
        ...linearParameters("mlp_head.2", hidden, hidden),
        ...linearParameters("mlp_head.4", hidden, width),
      ]
      : [
        embedding,
        ...lstmParameters(width, hidden, lstmLayers),
        ...linearParameters("mlp_head.0", 2 * hidden, 2 * hidden),
        ...linearParameters("mlp_head.2", 2 * hidden, width),
      ];
  },
  trains: () => [],
  count(shape, options) {
    const { embeddingWidth: d } = shape;
    const { encoder, hidden: h, lstmLayers = LSTM_LAYERS } = options;
    const n = rowsOf(shape, options);
    return encoder === "mlp"
      ? n * d + (d + 1) * h + (h + 1) * h + (h + 1) * d
      : n * d + 8 * h * (d + h + 2) + (lstmLayers - 1) * 8 * h * (3 * h + 2) + (2 * h + 1) * (2 * h + d);
  },
  virtualTokens: ({ virtualTokens }) => virtualTokens,
  identityAtStart: false,
  hooks: (parameters, { embeddingWidth }, options) => ({
    prompt: () => encode(parameters, options).slice([0, 0], [options.virtualTokens, embeddingWidth]),
    reading: options.reading,
  }),
  plain: (_, options) => ({
    name: "prompt-tuning",
    options: { virtualTokens: options.virtualTokens, reading: options.reading },
    parameters: (parameters) => ({ prompt_embeddings: encode(parameters, options) }),
  }),
  peft: {
    type: "P_TUNING",
    config: (shape, options) =>
      peftPromptConfig("P_TUNING", options.virtualTokens, promptRows(shape), {
        num_transformer_submodules: peftStacks(shape, options.reading),
        encoder_dropout: 0,
        encoder_hidden_size: options.hidden,
        encoder_num_layers: options.lstmLayers ?? LSTM_LAYERS,
        encoder_reparameterization_type: options.encoder.toUpperCase(),
      }),
    options(config, shape) {
      const schema = z.object({
        num_virtual_tokens: peftSize(),
        num_transformer_submodules: peftSubmodules(shape),
        encoder_reparameterization_type: z.enum(["MLP", "LSTM"]).nullish(),
        encoder_hidden_size: peftSize().nullish(),
        encoder_num_layers: z.int().min(1).max(64).nullish(),
      });
      const fields = peftPromptFields(config, promptRows(shape), schema, ["encoder_dropout"]);
      return {
        virtualTokens: fields.num_virtual_tokens,
        encoder: fields.encoder_reparameterization_type === "LSTM" ? "lstm" : "mlp",
        hidden: fields.encoder_hidden_size ?? shape.embeddingWidth,
        lstmLayers: fields.encoder_num_layers ?? LSTM_LAYERS,
        ...peftReading(fields.num_transformer_submodules, shape),
      };
    },
    layout: (shape, options) => renamedLayout(shapesOf(pTuning.parameters(shape, options)), (name) => name),
  },
};
