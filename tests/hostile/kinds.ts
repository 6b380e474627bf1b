/**
 * The kinds of files that are read, each with valid content and what reads it.
 * @module
 */
import { parquetWriteBuffer } from "hyparquet-writer";
import { fileURLToPath } from "node:url";
import { predictLines } from "../../cli/output/predict-lines.ts";
import { readCard } from "../../models/folder/model-card.ts";
import { findFolder } from "../../models/mod.ts";
import { openChatTemplate } from "../../models/tokenizers/chat-template.ts";
import { openTokenizer } from "../../models/tokenizers/tokenizer.ts";
import { readGgufHeader } from "../../models/gguf/file.ts";
import { ADAPTER_NOTE, type AdapterNote } from "../../runs/adapters/note.ts";
import { validateAdapter } from "../../runs/adapters/validate.ts";
import { presets } from "../../runs/study/presets.ts";
import { readRecords } from "../../runs/study/read-records.ts";
import { openOwn } from "../../runs/study/find-task.ts";
import { readStudy } from "../../runs/study/study.ts";
import { e2e } from "../../tasks/e2e.ts";
import { readParquet } from "../../tasks/parquet.ts";
import { hashTaskFiles, readTsv } from "../../tasks/task-files.ts";
import { tinyLlama, writeGguf } from "../models/gguf/write-file.ts";
import { files as hubFiles, open, withHub } from "../models/hub/fixture.ts";
import { gitHash } from "../models/hub/server.ts";
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
const bytePairs: Files = {
  "vocab.json": await read("byte-pairs/vocab.json"),
  "merges.txt": await read("byte-pairs/merges.txt"),
};
const note: AdapterNote = {
  version: 1,
  run: "0123456789abcdef",
  model: { name: "bert", revision: model.revision },
  task: { name: "sentiment/amazon", version: 1, kind: "classification", labels: ["negative", "positive"] },
  method: [{ name: "lora", options: { rank: 4, alpha: 8, targets: "query-value", learningRate: 1e-3, epochs: 1 } }],
  forms: ["peft"],
  maxLength: 32,
  texts: { complete: true, hashes: "0123456789abcdef" },
};
const inSubfolder = (folder: string, files: Files): Files =>
  Object.fromEntries(Object.entries(files).map(([path, content]) => [`${folder}/${path}`, content]));
const ownTask: Files = {
  "own.json": {
    name: "own",
    data: "own.csv",
    columns: { text: "body", label: "stars" },
    labels: [1, 5],
    licence: "none",
  },
  "own.csv": 'body,stars\n"a ""bad"" film,\nreally",1\na good film,5\nbad,1\ngood,5\n',
  "lines.json": { data: "own.jsonl", columns: { text: "body", label: "stars" }, missing: "drop" },
  // It does not begin as a file of JSON would, which is changed by value.
  "own.jsonl":
    '{}\n{"body":"a bad film","stars":1}\n{"body":"fine","stars":5}\n{"body":"bad","stars":1}\n{"body":"good","stars":5}\n',
};
const csv = 'mr,ref\nname[The Mill],"The Mill serves ""French"" food."\nname[Aromi],Aromi is good.\n';
const parquet = new Uint8Array(parquetWriteBuffer({
  columnData: [
    { name: "sentence1", data: Array.from({ length: 40 }, (_, at) => `text ${at % 7}`), type: "STRING" },
    { name: "label", data: Array.from({ length: 40 }, (_, at) => BigInt(at % 2)), type: "INT64" },
  ],
}));
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

/** Tokenizes with a folder whose vocabulary has as many pieces as the golden ones at most. */
async function tokenize(folder: string): Promise<void> {
  const { tokenize, decode } = await openTokenizer(folder, 60_000);
  await decode(await tokenize("The gooder text."));
}

/** Fetches a model whose files a hub lists as a file says. */
async function fetchListed(folder: string): Promise<void> {
  const listing = await Deno.readFile(`${folder}/listing.json`);
  await withHub(async (hub) => {
    hub.intercept = ({ path }) => path.includes("/tree/") ? new Response(listing) : undefined;
    await open();
  });
}

async function answerLines(folder: string): Promise<void> {
  const complaints: string[] = [];
  const places = { model: `${folder}/model`, adapters: [`${folder}/lora`], input: `${folder}/lines` };
  const output = { write() {}, complain: (sentence: string) => void complaints.push(sentence) };
  await predictLines({ ...places, json: false, threads: 1 }, output);
  if (complaints.length > 0) throw new Error(complaints[0]);
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
  note: {
    path: ADAPTER_NOTE,
    files: { ...adapter, [ADAPTER_NOTE]: note },
    read: (folder) => validateAdapter(folder, model.shape, model),
  },
  "spiece.model": {
    path: "spiece.model",
    files: { "spiece.model": await read("vocabularies/t5/spiece.model") },
    read: tokenize,
  },
  "tokenizer.model": {
    path: "tokenizer.model",
    files: { "tokenizer.model": await read("vocabularies/llama/tokenizer.model") },
    read: tokenize,
  },
  ...Object.fromEntries(
    Object.keys(bytePairs).map((path) => [path, { path, files: bytePairs, read: tokenize }]),
  ),
  listing: {
    path: "listing.json",
    files: {
      "listing.json": Object.entries(hubFiles).map(([path, bytes]) => ({
        type: "file",
        path,
        oid: gitHash(bytes),
        size: bytes.length,
      })),
    },
    read: fetchListed,
  },
  "predict line": {
    path: "lines",
    files: {
      ...inSubfolder("model", bert),
      ...inSubfolder("lora", adapter),
      lines: '{"text":"The gooder text.","adapter":"lora"}',
    },
    read: answerLines,
  },
  csv: {
    path: "trainset.csv",
    files: { "trainset.csv": csv, "devset.csv": csv, "testset_w_refs.csv": csv },
    read: async (folder) => await e2e.load(await hashTaskFiles(folder, e2e.files!)),
  },
  parquet: {
    path: "a.parquet",
    files: { "a.parquet": parquet },
    // A third of the damaged files is read without end: in less time than a user is given, so that all are read today.
    read: async (folder) => {
      const files = await hashTaskFiles(folder, ["a.parquet"]);
      await readParquet(files, "a.parquet", columns, { seconds: 2, bytes: 1 << 29 });
    },
  },
  ...Object.fromEntries(
    [["task description", "own.json"], ["rows of a task", "own.csv"], ["JSON lines", "own.jsonl"]].map((
      [name, path],
    ) => [
      name,
      {
        path,
        files: ownTask,
        read: (folder: string) => openOwn(`${folder}/${path === "own.jsonl" ? "lines.json" : "own.json"}`),
      },
    ]),
  ),
  tsv: {
    path: "a.tsv",
    files: { "a.tsv": `${columns.join("\t")}\ngood\t1\nbad\t0\n` },
    read: readRows,
  },
};
