/**
 * Prompt tuning.
 * @module
 */
import { z } from "zod";
import type { BackboneShape } from "../models/types.ts";
import { commonOptions, commonSpace } from "./shared/options.ts";
import { drawn, shapesOf, uniform } from "./shared/parameter.ts";
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
import type { CommonOptions, Method, StartContext } from "./types.ts";

/** Options of prompt tuning. */
export interface PromptTuningOptions extends CommonOptions {
  /** Rows n of the prompt. */
  virtualTokens: number;
  /**
   * What the rows start from (section 3.2 of the paper). "random": numbers from U(−0.5, 0.5); "vocabulary": embeddings of
   * tokens sampled among the most common; "text": the embeddings of `text`, repeated or cut to n rows; "labels": for each
   * class the mean embedding of its name's tokens, and sampled tokens for the other rows; "template": as "text", of the words that the
   * template has around texts, where the language model answers by words.
   */
  start: "vocabulary" | "random" | "text" | "labels" | "template";
  /** The text of the start "text", else null. */
  text: string | null;
  /** "peft": virtual tokens are read as PEFT reads them, see {@linkcode Hooks}. */
  reading?: "peft";
}

/** Lester et al. sample among the 5,000 most common tokens: of a unigram vocabulary, those with the smallest ids. */
const COMMON_TOKENS = 5000;

/** Fields that concern the start alone. */
const PEFT_IGNORED = [
  "prompt_tuning_init",
  "prompt_tuning_init_text",
  "prompt_tuning_init_state_dict_path",
  "tokenizer_kwargs",
  "tokenizer_name_or_path",
];

function sampledRows(context: StartContext, rows: number): Promise<Float32Array> {
  const below = Math.min(COMMON_TOKENS, context.vocabularySize);
  return context.embeddings(Array.from({ length: rows }, () => context.random.integer(below)));
}

/** Embeddings of tokens, repeated or cut to a number of rows. @param what the tokens are of, for messages */
async function tokenRows(
  { embeddings }: StartContext,
  rows: number,
  ids: readonly number[],
  what: string,
): Promise<Float32Array> {
  if (ids.length === 0) {
    throw new Error(`Cannot use prompt-tuning: ${what} must have at least 1 token, current value is 0`);
  }
  return await embeddings(Array.from({ length: rows }, (_, row) => ids[row % ids.length]));
}

async function labelRows(context: StartContext, rows: number, width: number): Promise<Float32Array> {
  const { labels } = context;
  if (labels.length > rows) {
    throw new Error(
      `Cannot use prompt-tuning: virtualTokens must be at least ${labels.length} to start from the labels, ` +
        `current value is ${rows}`,
    );
  }
  const values = new Float32Array(rows * width);
  for (const [row, label] of labels.entries()) {
    const ids = await context.encode(label);
    const embeddings = await context.embeddings(ids);
    embeddings.forEach((value, at) => values[row * width + at % width] += value / ids.length);
  }
  values.set(await sampledRows(context, rows - labels.length), labels.length * width);
  return values;
}

/** Number of trained rows: n, with PEFT's reading of an encoder-decoder 2·n, of which the second half is not read. */
function rowsOf(shape: BackboneShape, { virtualTokens, reading }: PromptTuningOptions): number {
  return virtualTokens * peftStacks(shape, reading);
}

/** Puts trained rows before the input embeddings. Parameters: n·d_emb, with PEFT's reading of an encoder-decoder 2·n·d_emb. */
export const promptTuning: Method<PromptTuningOptions> = {
  name: "prompt-tuning",
  description: "prompt tuning: trained virtual tokens stand before the text",
  paper:
    "Lester, Al-Rfou and Constant (2021), The Power of Scale for Parameter-Efficient Prompt Tuning, https://arxiv.org/abs/2104.08691",
  options: z.strictObject({
    virtualTokens: z.int().min(1).default(8).describe("rows of the prompt"),
    start: z.enum(["vocabulary", "random", "text", "labels", "template"]).default("vocabulary").describe(
      "what rows start from: embeddings of common tokens, random numbers, a text, the names of the classes, or the words of the template",
    ),
    text: z.string().min(1).nullable().default(null).describe('text for the start "text"'),
    reading: z.literal("peft").optional().describe("peft: the classifier reads the first virtual token, as in PEFT"),
    ...commonOptions(0.1),
  }).refine(({ start, text }) => (start === "text") === (text !== null), {
    error: 'text must be given with start "text" and only then',
  }),
  space: { ...commonSpace(5e-3, 0.5), virtualTokens: [2, 4, 8, 16, 32] },
  parameters(shape, options) {
    const { embeddingWidth } = shape;
    const rows = rowsOf(shape, options);
    const random = drawn("prompt_embeddings", [rows, embeddingWidth], uniform(0.5));
    const starts = {
      random: random.start,
      vocabulary: (context: StartContext) => sampledRows(context, rows),
      text: async (context: StartContext) => tokenRows(context, rows, await context.encode(options.text!), "text"),
      labels: (context: StartContext) => labelRows(context, rows, embeddingWidth),
      template: (context: StartContext) =>
        tokenRows(context, rows, context.template ?? [], "the template without its fields"),
    };
    return [{ ...random, start: starts[options.start] }];
  },
  trains: () => [],
  count: (shape, options) => rowsOf(shape, options) * shape.embeddingWidth,
  virtualTokens: ({ virtualTokens }) => virtualTokens,
  identityAtStart: false,
  hooks: ({ prompt_embeddings }, { embeddingWidth }, { virtualTokens, reading }) => ({
    prompt: () => prompt_embeddings.slice([0, 0], [virtualTokens, embeddingWidth]),
    reading,
  }),
  peft: {
    type: "PROMPT_TUNING",
    config: (shape, options) =>
      peftPromptConfig("PROMPT_TUNING", options.virtualTokens, promptRows(shape), {
        num_transformer_submodules: peftStacks(shape, options.reading),
        // With other values, PEFT would ask for a tokenizer when it loads the adapter.
        prompt_tuning_init: "RANDOM",
      }),
    options(config, shape) {
      const schema = z.object({
        num_virtual_tokens: peftSize(),
        num_transformer_submodules: peftSubmodules(shape),
      });
      const fields = peftPromptFields(config, promptRows(shape), schema, PEFT_IGNORED);
      return {
        virtualTokens: fields.num_virtual_tokens,
        ...peftReading(fields.num_transformer_submodules, shape),
      };
    },
    layout: (shape, options) => renamedLayout(shapesOf(promptTuning.parameters(shape, options)), (name) => name),
  },
};
