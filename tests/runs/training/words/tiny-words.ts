/**
 * Tiny models of every architecture that answer by words, with a token for each character, and a task for them.
 * @module
 */
import { fileURLToPath } from "node:url";
import { addedToken } from "../../../../models/tokenizers/template.ts";
import { presets } from "../../../../runs/study/presets.ts";
import type { Study } from "../../../../runs/study/study.ts";
import type { Description } from "../../../../tasks/described/description.ts";
import { goldenConfig, goldenTensors, makeFolder, readTensors, safetensors } from "../../../models/folder/copies.ts";

/** Every printable ASCII character and the line break. */
const characters = [..."\n", ...Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at))];
/** The token that stands for the answer. */
export const MASK = 98;

const tokenizer = {
  normalizer: null,
  pre_tokenizer: null,
  model: { type: "BPE", vocab: Object.fromEntries(characters.map((character, id) => [character, id])), merges: [] },
  post_processor: null,
  decoder: { type: "Fuse" },
  added_tokens: [addedToken("<end>", 97), addedToken("<mask>", MASK)],
};

/** Architectures of masked models, and of others that answer by words. */
export const architectures: { masked: string[]; others: string[] } = {
  masked: ["bert", "distilbert", "roberta"],
  others: ["gpt2", "llama", "mistral", "qwen2", "t5"],
};

/** The folder of a tiny model. */
export async function tinyWordModel(architecture: string): Promise<string> {
  const isMasked = architectures.masked.includes(architecture);
  const heads = fileURLToPath(new URL(`../../../golden/word-scores/${architecture}.safetensors`, import.meta.url));
  return await makeFolder({
    "config.json": await goldenConfig(architecture),
    "model.safetensors": safetensors({
      ...await goldenTensors(architecture),
      ...isMasked && await readTensors(heads),
    }),
    "tokenizer.json": tokenizer,
    "tokenizer_config.json": { tokenizer_class: "PreTrainedTokenizerFast", mask_token: "<mask>" },
  }, `tiny-${architecture}`);
}

const rows = Array.from(
  { length: 80 },
  (_, at) => `day ${at} was ${at % 2 ? "fine, so good" : "grey, too bad"}\t${at % 2}`,
);
const folder = await makeFolder({ "days.tsv": `text\tlabel\n${rows.join("\n")}\n` });

/** A task whose answer is one letter for a masked model, and words of several tokens for others. */
export function days(architecture: string): Description {
  return {
    name: "days",
    data: `${folder}/days.tsv`,
    columns: { text: "text", label: "label" },
    metrics: ["accuracy"],
    ...architectures.masked.includes(architecture)
      ? { templates: ["{text}:{answer}."], words: { "0": "n", "1": "y" } }
      : { templates: ["{text}. It is {answer}."], words: { "0": "no", "1": ["yes", "nice"] } },
  };
}

/** A short study of an architecture. @param model its folder */
export function wordStudy(architecture: string, model: string, methods: Study["methods"]): Study {
  return {
    ...presets.smoke.study,
    models: [model],
    tasks: [days(architecture)],
    methods,
    head: "language-model",
    data: { train: 32, validation: 8, test: 24 },
    training: { epochs: 2, batchSize: 8 },
  };
}
