/**
 * A tiny language model, the files of a task of generation, and a cell of both that was run.
 * @module
 */
import { fileURLToPath } from "node:url";
import type { CellResult } from "../../../../runs/study/cell.ts";
import { cellsOf } from "../../../../runs/launch/cells.ts";
import { presets } from "../../../../runs/study/presets.ts";
import type { RunRecord } from "../../../../runs/study/record.ts";
import { runCell } from "../../../../runs/training/run-cell.ts";
import { runId, type RunSpec, settingId } from "../../../../runs/study/spec.ts";
import type { Study } from "../../../../runs/study/study.ts";
import { makeFolder } from "../../../models/folder/copies.ts";
import type { Files } from "../../../in-folder.ts";
import { makeRecord } from "../../../reports/record-factory.ts";
import { addedToken } from "../../../../models/tokenizers/template.ts";

/** A token for every printable ASCII character and the line break; the golden models end texts with one of theirs. */
export const CHARACTERS = [..."\n", ...Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at))];
export const tokenizer = {
  normalizer: null,
  pre_tokenizer: null,
  model: { type: "BPE", vocab: Object.fromEntries(CHARACTERS.map((c, id) => [c, id])), merges: [] },
  post_processor: null,
  decoder: { type: "Fuse" },
  added_tokens: [addedToken("<end>", 97)],
};

/** The class that takes a tokenizer.json as it is. */
export const settings = { tokenizer_class: "PreTrainedTokenizerFast" };

export async function modelFolder(place: string, more: Files = {}): Promise<string> {
  const golden = fileURLToPath(new URL(`../../../golden/${place}/model`, import.meta.url));
  return await makeFolder({
    "config.json": await Deno.readTextFile(`${golden}/config.json`),
    "model.safetensors": await Deno.readFile(`${golden}/model.safetensors`),
    "tokenizer.json": tokenizer,
    "tokenizer_config.json": settings,
    ...more,
  }, "tiny");
}

const row = (at: number) => `name[${at}],it is ${at}\nname[${at}],${at}\n`;
const csv = (from: number, count: number) =>
  "mr,ref\n" + Array.from({ length: count }, (_, at) => row(from + at)).join("");
export const taskFiles = await makeFolder({
  "trainset.csv": csv(0, 8),
  "devset.csv": csv(20, 3),
  "testset_w_refs.csv": csv(40, 3),
});
export const folder = await modelFolder("A/gpt2");
export const study = (changes: Partial<Study> = {}): Study => ({
  ...presets.smoke.study,
  models: [folder],
  tasks: ["e2e"],
  methods: [{ lora: { epochs: 2, learningRate: 0.05 } }],
  data: { train: 8, validation: 3, test: 9 },
  taskFiles,
  training: { batchSize: 8, outputLength: 10 },
  ...changes,
});
export const specOf = async (changes: Partial<Study> = {}) => (await cellsOf(study(changes)))[0].spec;
export const paths = { folder, taskFiles };
export const run = async (spec: RunSpec, out: string) =>
  await runCell(spec, { ...paths, threads: 1, out, keep: false, onProgress() {} });

export const spec = await specOf();
export const out = await makeFolder({});
export const result = await run(spec, out);

export function recordOf(spec: RunSpec, { planned, ...rest }: CellResult): RunRecord {
  const record = makeRecord();
  return { ...record, ...rest, id: runId(spec), spec, setting: settingId(spec), memory: { ...record.memory, planned } };
}
