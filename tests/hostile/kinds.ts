/**
 * The kinds of files that are read, each with valid content and what reads it. Parquet files are not among them: a damaged page
 * keeps hyparquet busy without end, which only a process of its own could bound.
 * @module
 */
import { fileURLToPath } from "node:url";
import { readCard } from "../../models/folder/model-card.ts";
import { findFolder } from "../../models/mod.ts";
import { openChatTemplate } from "../../models/tokenizers/chat-template.ts";
import { readGgufHeader } from "../../models/gguf/file.ts";
import { validateAdapter } from "../../runs/adapters/validate.ts";
import { presets } from "../../runs/study/presets.ts";
import { readRecords } from "../../runs/study/read-records.ts";
import { readStudy } from "../../runs/study/study.ts";
import { hashTaskFiles, readTsv } from "../../tasks/task-files.ts";
import { tinyLlama, writeGguf } from "../models/gguf/write-file.ts";
import type { Files } from "../in-folder.ts";

/** A kind of file. */
export interface Kind {
  /** The file's path in its folder. */
  path: string;
  /** Valid content of the whole folder. */
  files: Files;
  /** Reads the file as the program does. */
  read(folder: string): Promise<unknown>;
}

const golden = fileURLToPath(new URL("../golden/", import.meta.url));
const read = (path: string) => Deno.readFile(golden + path);

const bert: Files = {
  "config.json": await read("A/bert/model/config.json"),
  "model.safetensors": await read("A/bert/model/model.safetensors"),
  "vocab.txt": "[PAD]\n[UNK]\n[CLS]\n[SEP]\nthe\ngood\nbad\n##er\n.",
  "tokenizer_config.json": { do_lower_case: true, tokenizer_class: "BertTokenizer", unk_token: "[UNK]" },
  "README.md": "---\nlicense: mit\nlanguage: en\n---\n# Model\n",
};
const model = await findFolder(`${golden}A/bert/model`);
const adapter: Files = {
  "adapter_config.json": await read("A/bert/cls/lora/adapter/adapter_config.json"),
  "adapter_model.safetensors": await read("A/bert/cls/lora/adapter/adapter_model.safetensors"),
};
const tokenizerJson = await read("cases/added-tokens/bert/tokenizer.json");
const record = await read("record-1.json");
const columns = ["sentence1", "label"];

async function openModel(folder: string): Promise<void> {
  const backbone = await (await findFolder(folder)).open();
  await backbone.encode("The gooder text.", 16);
}

async function readRecord(folder: string): Promise<void> {
  const { unreadable: [fault] } = await readRecords(folder);
  if (fault) throw new Error(`Cannot read ${fault.path}: ${fault.reason}`);
}

async function readRows(folder: string): Promise<void> {
  await readTsv(await hashTaskFiles(folder, ["a.tsv"]), "a.tsv", columns);
}

/** The kinds by name. */
export const kinds: Readonly<Record<string, Kind>> = {
  ...Object.fromEntries(
    Object.keys(bert).map((path) => [path, { path, files: bert, read: openModel }]),
  ),
  "tokenizer.json": { path: "tokenizer.json", files: { ...bert, "tokenizer.json": tokenizerJson }, read: openModel },
  "model card": { path: "README.md", files: bert, read: readCard },
  "chat template": {
    path: "chat_template.jinja",
    files: { "chat_template.jinja": "{% for m in messages %}{{ m.role ~ ': ' ~ m.content | trim }}{% endfor %}" },
    read: async (folder) =>
      (await openChatTemplate(folder, await Deno.readTextFile(`${folder}/chat_template.jinja`), {}))?.("hello"),
  },
  gguf: {
    path: "a.gguf",
    files: { "a.gguf": writeGguf(tinyLlama()).bytes },
    read: (folder) => readGgufHeader(`${folder}/a.gguf`),
  },
  ...Object.fromEntries(
    Object.keys(adapter).map((path) => [path, {
      path,
      files: adapter,
      read: (folder: string) => validateAdapter(folder, model.shape, model),
    }]),
  ),
  study: {
    path: "study.json",
    files: { "study.json": presets.quick.study },
    read: (folder) => readStudy(`${folder}/study.json`, presets.quick.study),
  },
  record: {
    path: `runs/${JSON.parse(new TextDecoder().decode(record)).id}.json`,
    files: { [`runs/${JSON.parse(new TextDecoder().decode(record)).id}.json`]: record },
    read: readRecord,
  },
  tsv: {
    path: "a.tsv",
    files: { "a.tsv": `${columns.join("\t")}\ngood\t1\nbad\t0\n` },
    read: readRows,
  },
};
