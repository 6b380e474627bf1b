/**
 * Opens the folder of an adapter: which methods it holds, whether it fits a backbone, and where its tensors lie. No values are
 * read.
 * @module
 */
import { createHash } from "node:crypto";
import { nearest, shorten } from "../../base/errors.ts";
import { exists, isFile, sha256File } from "../../base/files.ts";
import { readHeader, type StoredEntry } from "../../engine/safetensors.ts";
import type { Part } from "../../methods/adaptation/compose.ts";
import { methods } from "../../methods/mod.ts";
import { parseOptions } from "../../methods/shared/options.ts";
import { storedForm } from "../../methods/adaptation/stored-form.ts";
import type { PeftConfig } from "../../methods/types.ts";
import { headOf } from "../../models/layers/head.ts";
import type { BackboneShape, Head } from "../../models/types.ts";
import { wordShape } from "../../models/word-shape.ts";
import { askFor } from "../plugins/kept.ts";
import { isSameModel, revisionInWords } from "../study/find-model.ts";
import type { PartSpec, RunSpec } from "../study/spec.ts";
import { expectedHead } from "./classifier-keys.ts";
import { ADAPTER_NOTE, type AdapterNote, readAdapterNote, requireFolder } from "./note.ts";
import { ADAPTER_CONFIG, methodOf, readPeftConfig, requireAgreement, requireKnownTask } from "./peft-config.ts";
import { requireFit } from "./require-fit.ts";
import { ADAPTER_TENSORS, ENCODER_TENSORS } from "./write.ts";

/** Most folders of joined methods. */
const MOST_PARTS = 8;

/** One method of an adapter. */
export interface ValidPart extends Part {
  /** Its folder. */
  folder: string;
  /** The stored tensors by their keys. */
  stored: Record<string, StoredEntry>;
  /** The classifier's tensors by their names; empty if another part holds the classifier, or none does. */
  head: Record<string, StoredEntry & { transposed: boolean }>;
  /** Those of the method's frozen tensors that the file holds, too, by their names. */
  frozen: Record<string, StoredEntry>;
  /** If it was kept, the encoder that computed the stored tensors: its parameters by their names. */
  encoder?: Record<string, StoredEntry>;
}

/** An adapter. */
export interface ValidAdapter {
  /** Its folder. */
  folder: string;
  /** SHA-256 over the names and checksums of its files. */
  sha256: string;
  /** The note in its folder; absent in folders that PEFT wrote. */
  note?: AdapterNote;
  /** Its methods, in the order in which they are joined. */
  parts: ValidPart[];
}

/** Where a method comes from. @param plugin the checksum of its plug-in */
function originInWords(plugin: string | undefined): string {
  return plugin === undefined ? "the built-in one" : `that of the plug-in ${shorten(plugin)}`;
}

/** The method that a note describes. @throws {Error} if there is no such method, or if it has another version or other code by now */
function partOfNote({ name, version = 1, plugin, options }: PartSpec): Part {
  if (Object.hasOwn(methods, name)) {
    const method = methods[name];
    const { version: current = 1 } = method;
    if (method.plugin !== plugin) {
      const [expected, found] = [plugin, method.plugin].map(originInWords);
      throw new Error(`Cannot use the method ${name}: it must be ${expected}, as the adapter's is, it is ${found}`);
    }
    if (version === current) return { method, options: parseOptions(method, options) };
    throw new Error(`Cannot use the method ${name}: its version must be ${current}, the adapter's is ${version}`);
  }
  if (plugin !== undefined) {
    throw new Error(`Cannot use the method ${shorten(name)}: ${askFor(plugin)}`);
  }
  throw new Error(
    `Cannot use the method ${shorten(name)}: there must be one of that name, the nearest is ${
      nearest(name, Object.keys(methods))
    }`,
  );
}

/**
 * The method of a folder, from the note or else from PEFT's config, and this config if there is one.
 * @param partInNote the method that the note describes
 * @throws {Error} if there is neither note nor config, if they differ, or if the config breaks a rule
 */
async function readMethod(
  folder: string,
  shape: BackboneShape,
  head: Head,
  partInNote?: Part,
): Promise<{ part: Part; config: PeftConfig["values"] | null }> {
  if (!await exists(`${folder}/${ADAPTER_CONFIG}`)) {
    if (partInNote) return { part: partInNote, config: null };
    throw new Error(
      `Cannot read the adapter ${folder}: there must be ${ADAPTER_CONFIG}, as PEFT writes it, or ${ADAPTER_NOTE}`,
    );
  }
  const config = await readPeftConfig(folder);
  requireKnownTask(config, head);
  const method = methodOf(config);
  if (partInNote) {
    requireAgreement(partInNote, shape, config);
    return { part: partInNote, config: config.values };
  }
  const options = parseOptions(method, method.peft!.options(config, shape));
  return { part: { method, options }, config: config.values };
}

/** Where the tensors of a folder lie. @throws {Error} if there is no safetensors file, or if it is damaged */
async function readTensorHeader(folder: string): Promise<Record<string, StoredEntry>> {
  const path = `${folder}/${ADAPTER_TENSORS}`;
  if (await exists(path)) return await readHeader(path);
  throw new Error(
    await isFile(`${folder}/adapter_model.bin`)
      ? `Cannot read the adapter ${folder}: tensors must be in safetensors, adapter_model.bin is a pickle, which may ` +
        "run any program; PEFT converts it: PeftModel.from_pretrained(model, folder).save_pretrained(folder)"
      : `Cannot read the adapter ${folder}: there must be a file ${ADAPTER_TENSORS}`,
  );
}

/** The backbone with those weights of its language model's head that the file holds: the adapter has trained them. */
function withLanguageModelWeights(shape: BackboneShape, entries: Record<string, StoredEntry>): BackboneShape {
  const { weights = {} } = shape.languageModel ?? shape.maskedLanguageModel ?? {};
  const trained = Object.entries(weights).filter(([name]) => Object.hasOwn(entries, name));
  return { ...shape, weights: { ...shape.weights, ...Object.fromEntries(trained) } };
}

/** The keys and shapes, by name, of those frozen tensors that a file of PEFT holds. */
function storedFrozen({ method, options }: Part, shape: BackboneShape, entries: Record<string, StoredEntry>) {
  const keys = method.peft?.frozenKeys ?? {};
  const present = (method.frozen?.(shape, options) ?? []).filter(({ name }) => Object.hasOwn(entries, keys[name]));
  return Object.fromEntries(present.map(({ name, shape }) => [name, { key: keys[name], shape }]));
}

/** The encoder of a folder, by its parameters' names; undefined if the folder has none. @throws {Error} if it does not fit */
async function readEncoderHeader(
  folder: string,
  { method, options }: Part,
  shape: BackboneShape,
): Promise<Record<string, StoredEntry> | undefined> {
  const path = `${folder}/${ENCODER_TENSORS}`;
  if (!await exists(path)) return undefined;
  const entries = await readHeader(path);
  const expected = method.parameters(shape, options).map(({ name, shape }) => [name, shape]);
  requireFit(path, entries, Object.fromEntries(expected));
  return entries;
}

/** Opens the folder of one method. @throws {Error} if it cannot be read or does not fit the backbone */
async function openPart(folder: string, shape: BackboneShape, partInNote?: Part): Promise<ValidPart> {
  const head = headOf(shape);
  const { part, config } = await readMethod(folder, shape, head, partInNote);
  const entries = await readTensorHeader(folder);
  const form = storedForm(part.method, withLanguageModelWeights(shape, entries), part.options);
  const classifier = expectedHead(head, config, entries);
  const frozen = config ? storedFrozen(part, shape, entries) : {};
  const others = [...classifier, ...Object.values(frozen)].map(({ key, shape }) => [key, shape]);
  requireFit(`${folder}/${ADAPTER_TENSORS}`, entries, { ...form.shapes, ...Object.fromEntries(others) });
  const encoder = form.parameters ? undefined : await readEncoderHeader(folder, part, shape);
  return {
    ...part,
    folder,
    stored: Object.fromEntries(Object.keys(form.shapes).map((key) => [key, entries[key]])),
    head: Object.fromEntries(classifier.map(({ name, key, transposed }) => [name, { ...entries[key], transposed }])),
    frozen: Object.fromEntries(Object.entries(frozen).map(([name, { key }]) => [name, entries[key]])),
    ...encoder && { encoder },
  };
}

/**
 * The subfolders of joined methods that PEFT wrote, in the order in which PEFT has to load them: methods with virtual tokens
 * last, else by name.
 * @throws {Error} if there are too many
 */
async function partFolders(folder: string): Promise<string[]> {
  const parts: { name: string; virtual: boolean }[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    if (!await isFile(`${folder}/${name}/${ADAPTER_CONFIG}`)) continue;
    if (parts.length === MOST_PARTS) {
      throw new Error(`Cannot read the adapter ${folder}: it must have at most ${MOST_PARTS} folders of methods`);
    }
    const { values } = await readPeftConfig(`${folder}/${name}`);
    parts.push({ name, virtual: Object.hasOwn(values, "num_virtual_tokens") });
  }
  const sorted = parts.sort((a, b) => Number(a.virtual) - Number(b.virtual) || (a.name < b.name ? -1 : 1));
  return sorted.map(({ name }) => name);
}

/** SHA-256 over the names and checksums of an adapter's files. @param places "" or the parts' subfolders, "lora/" */
async function hashFiles(folder: string, places: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  const names = [
    ADAPTER_NOTE,
    ...places.flatMap((place) => [ADAPTER_CONFIG, ADAPTER_TENSORS, ENCODER_TENSORS].map((name) => place + name)),
  ];
  for (const name of names) {
    const sum = await sha256File(`${folder}/${name}`);
    if (sum !== null) hash.update(`${name} ${sum}\n`);
  }
  return hash.digest("hex");
}

/** Where the parts of an adapter lie: [""] if it is one method, else a subfolder each, "lora/". */
async function placesOf(folder: string, note?: AdapterNote): Promise<string[]> {
  const single = note ? note.method.length === 1 : await isFile(`${folder}/${ADAPTER_CONFIG}`);
  if (single) return [""];
  const names = note ? note.method.map(({ name }) => name) : await partFolders(folder);
  return names.length === 0 ? [""] : names.map((name) => `${name}/`);
}

/** @throws {Error} if the note names another model */
function requireModel(folder: string, note: AdapterNote, model: AdapterNote["model"]): void {
  if (isSameModel(note.model, model)) return;
  const [expected, current] = [note.model, model].map((one) => `${shorten(one.name)} (${revisionInWords(one)})`);
  throw new Error(
    `Cannot use the adapter ${folder}: the model must be ${expected}, which it belongs to, it is ${current}`,
  );
}

/**
 * Opens an adapter's folder, written by TuneBench or by PEFT; of joined methods, the one that holds a folder for each.
 * @param model name and revision of the backbone; if given, and if the folder has a note, the note must name the same revision
 * @throws {Error} one sentence, if it cannot be read or does not fit the backbone; the sentence lists what differs
 */
export async function validateAdapter(
  folder: string,
  backbone: BackboneShape,
  model?: RunSpec["model"],
): Promise<ValidAdapter> {
  await requireFolder(folder);
  const note = await readAdapterNote(folder);
  if (note && model) requireModel(folder, note, model);
  const partInNote = note?.method.map(partOfNote);
  const places = await placesOf(folder, note);
  const shape = note?.head ? wordShape(backbone) : backbone;
  const parts: ValidPart[] = [];
  for (const [at, place] of places.entries()) {
    parts.push(await openPart(`${folder}/${place}`.replace(/\/$/, ""), shape, partInNote?.[at]));
  }
  const twice = parts.find(({ method }, at) => parts.findIndex((other) => other.method === method) !== at);
  if (twice) {
    throw new Error(`Cannot read the adapter ${folder}: its methods must differ, it has two of ${twice.method.name}`);
  }
  return { folder, sha256: await hashFiles(folder, places), ...note && { note }, parts };
}
