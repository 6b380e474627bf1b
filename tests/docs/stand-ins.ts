/**
 * Small things under the names that pages have for large ones: models and files of tasks.
 * @module
 */
import { join } from "node:path";
import { makeFolder } from "../models/folder/copies.ts";
import type { Files } from "../in-folder.ts";
import { tinyLlama, writeGguf } from "../models/gguf/write-file.ts";
import { root } from "./pages.ts";
import { addedToken } from "../../models/tokenizers/template.ts";

/** A token for every printable ASCII character and the line break. */
const characters = [..."\n", ...Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at))];

/** A tokenizer.json that has a token for every character. */
const tokenizer = {
  normalizer: null,
  pre_tokenizer: null,
  model: { type: "BPE", vocab: Object.fromEntries(characters.map((character, id) => [character, id])), merges: [] },
  post_processor: null,
  decoder: { type: "Fuse" },
  added_tokens: [addedToken("<end>", 97)],
};

/** A tiny model of an architecture, with that tokenizer and other values of its config. */
async function tinyModel(architecture: string, changes: object = {}): Promise<Files> {
  const golden = join(root, "tests/golden/A", architecture, "model");
  return {
    "config.json": { ...JSON.parse(await Deno.readTextFile(join(golden, "config.json"))), ...changes },
    "model.safetensors": await Deno.readFile(join(golden, "model.safetensors")),
    "tokenizer.json": tokenizer,
    "tokenizer_config.json": { tokenizer_class: "PreTrainedTokenizerFast" },
  };
}

/** Lines numbered from `from` on. */
function lines(from: number, count: number, line: (at: number) => string): string {
  return Array.from({ length: count }, (_, at) => line(from + at)).join("\n") + "\n";
}

const rteRow = (at: number) => `${at}\tThe text number ${at}.\tNumber ${at}.\t${at % 2 ? "" : "not_"}entailment`;
const e2eRow = (at: number) => `name[${at}],it is ${at}`;

const reviewRow = (at: number) => `${at},The film of day ${at} was ${at % 2 ? "good" : "bad"}.,${at % 2 ? 5 : 1}`;

const callRow = (at: number) =>
  JSON.stringify({ id: `${at}`, turns: [["USER", `A table for ${at}.`], ["SYSTEM", "In which city?"]] });

const filmRow = (at: number) => {
  const genres = ["drama", "food"].filter((_, bit) => at >> bit & 1);
  return JSON.stringify({ text: `Film ${at} is of ${genres.join(" and ")}.`, genres, stars: at % 10 / 2 });
};

const quizRow = (at: number) =>
  JSON.stringify({ text: `Ann put kettle ${at} on.`, options: ["It boiled.", "It sang."], right: at % 2 });

/** Puts them into a folder. */
export async function writeStandIns(folder: string): Promise<void> {
  const standIns: Record<string, Files> = {
    "all-MiniLM-L6-v2": await tinyModel("bert"),
    "SmolLM2-135M-Instruct": await tinyModel("llama", { max_position_embeddings: 256 }),
    "RTE": {
      "train.tsv": `index\tsentence1\tsentence2\tlabel\n${lines(0, 120, rteRow)}`,
      "dev.tsv": `index\tsentence1\tsentence2\tlabel\n${lines(120, 80, rteRow)}`,
    },
    "e2e": {
      "trainset.csv": `mr,ref\n${lines(0, 60, e2eRow)}`,
      "devset.csv": `mr,ref\n${lines(60, 40, e2eRow)}`,
      "testset_w_refs.csv": `mr,ref\n${lines(100, 70, e2eRow)}`,
    },
  };
  for (const [name, files] of Object.entries(standIns)) {
    await Deno.rename(await makeFolder(files, name), join(folder, name));
  }
  await Deno.mkdir(join(folder, "docs"));
  await Deno.symlink(join(root, "docs/plugins"), join(folder, "docs/plugins"));
  await Deno.writeTextFile(join(folder, "reviews.csv"), `id,body,stars\n${lines(0, 200, reviewRow)}`);
  await Deno.writeTextFile(join(folder, "films.jsonl"), lines(0, 20, filmRow));
  await Deno.writeTextFile(join(folder, "quiz.jsonl"), lines(0, 20, quizRow));
  await Deno.writeTextFile(join(folder, "calls.jsonl"), lines(0, 20, callRow));
  await Deno.writeFile(join(folder, "model.gguf"), writeGguf(tinyLlama()).bytes);
}
