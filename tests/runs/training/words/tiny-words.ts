/**
 * Tiny models of every architecture that answer by words, with a token for each character, and a task for them.
 * @module
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { addedToken } from "../../../../models/tokenizers/template.ts";
import { openPredictor } from "../../../../runs/predict/predictor.ts";
import type { Classified } from "../../../../runs/predict/types.ts";
import type { Cell, CellResult } from "../../../../runs/study/cell.ts";
import { taskOfSpec } from "../../../../runs/study/find-task.ts";
import { presets } from "../../../../runs/study/presets.ts";
import type { Study } from "../../../../runs/study/study.ts";
import { splitExamples } from "../../../../runs/training/split.ts";
import type { Task } from "../../../../tasks/types.ts";
import type { Description } from "../../../../tasks/described/description.ts";
import { goldenTensors, makeFolder, readTensors, safetensors } from "../../../models/folder/copies.ts";

/** Every printable ASCII character and the line break; the first two, which some models take for padding, are in no text. */
const characters = [..."\n~", ...Array.from({ length: 94 }, (_, at) => String.fromCharCode(32 + at))];
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
  const golden = fileURLToPath(new URL("../../../golden/", import.meta.url));
  return await makeFolder({
    // As it is: Python tells 1.0 from 1.
    "config.json": await Deno.readFile(
      `${golden}${architecture === "t5" ? "T5A" : "A"}/${architecture}/model/config.json`,
    ),
    "model.safetensors": safetensors({
      ...await goldenTensors(architecture),
      ...isMasked && await readTensors(`${golden}word-scores/${architecture}.safetensors`),
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

/** Asserts that the adapters of runs on one model, side by side, answer the test texts as the runs did. @param out where the runs wrote them */
export async function assertPredicts(
  model: string,
  out: string,
  runs: readonly { cell: Cell; result: CellResult }[],
): Promise<void> {
  const adapters = runs.map(({ cell }) => `${out}/adapters/${cell.id}`);
  const predictor = await openPredictor({ model, adapters, threads: 1 });
  for (const { cell: { id, spec, tables }, result: { predictions } } of runs) {
    const { labels, load } = taskOfSpec(spec.task, tables) as Task;
    const { test } = splitExamples(await load(), spec.data, spec.seed);
    const answers = predictor.predict(test.map(({ text }) => ({ text, ...runs.length > 1 && { adapter: id } })));
    const predicted = new Map(predictions.map((prediction) => [prediction.id, labels[prediction.predicted as number]]));
    const answered = (await Array.fromAsync(answers)).map((answer) => (answer as Classified).label);
    assert.deepEqual(answered, test.map(({ id }) => predicted.get(id)), spec.method[0].name);
  }
  await predictor.release();
}
