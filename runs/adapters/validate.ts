/**
 * The folder of an adapter: what it is, whether it fits a backbone, and where its tensors lie. No value is read.
 * @module
 */
import { createHash } from "node:crypto";
import { FLOAT_TYPES } from "../../engine/floats.ts";
import { nearest, shorten, showValue } from "../../base/errors.ts";
import { readHeader, type StoredEntry } from "../../engine/safetensors.ts";
import type { Part } from "../../methods/compose.ts";
import { methods } from "../../methods/mod.ts";
import { parseOptions } from "../../methods/options.ts";
import { storedForm } from "../../methods/stored-form.ts";
import type { PeftConfig } from "../../methods/types.ts";
import { isFile, isFolder, readObject, sha256File } from "../../base/files.ts";
import { plainHead } from "../../models/layers/head.ts";
import type { BackboneShape, Head } from "../../models/types.ts";
import { ADAPTER_CONFIG, ADAPTER_TENSORS, ENCODER_TENSORS, headKey, isTurned } from "./write.ts";
import { ADAPTER_NOTE, type AdapterNote, readAdapterNote } from "./note.ts";
import { canonical, type PartSpec } from "../study/spec.ts";

/** Bytes of the longest adapter_config.json that is read. */
const LONGEST_CONFIG = 1 << 20;
/** Most folders of joined methods. */
const MOST_PARTS = 8;
/** Differences that a message lists. */
const LISTED = 5;

/** What PEFT writes for the kinds of task that there are here; null for the inner one of joined methods. */
const TASK_TYPES = [null, "SEQ_CLS", "CAUSAL_LM", "SEQ_2_SEQ_LM", "FEATURE_EXTRACTION"];

/** One method of an adapter. */
export interface ValidPart extends Part {
  /** Its folder. */
  folder: string;
  /** The stored tensors by their keys. */
  stored: Record<string, StoredEntry>;
  /** The classifier's tensors by their names; none where another part has it, or nobody. */
  head: Record<string, StoredEntry & { turned: boolean }>;
  /** Those of the method's frozen tensors that the file holds as well, by their names. */
  frozen: Record<string, StoredEntry>;
  /** What the stored tensors were made of, by the parameters' names, where it was kept. */
  encoder?: Record<string, StoredEntry>;
}

/** An adapter. */
export interface ValidAdapter {
  /** Its folder. */
  folder: string;
  /** SHA-256 over the names and checksums of its files. */
  sha256: string;
  /** What its folder says of it; none of what PEFT wrote. */
  note?: AdapterNote;
  /** Its methods, in the order in which they are joined. */
  parts: ValidPart[];
}

function modulesOf(head: Head): string[] {
  return head.parameters(2).flatMap(({ name }) => {
    const path = name.split(".").slice(0, -1);
    return path.map((_, at) => path.slice(0, at + 1).join("."));
  });
}

/** Checks what every config says, whatever its type. */
function requireKnownTask({ path, values }: PeftConfig, head: Head): void {
  const { task_type: task = null, modules_to_save: modules } = values;
  if (!TASK_TYPES.includes(task as string | null)) {
    throw new Error(
      `Cannot read ${path}: task_type must be one of ${TASK_TYPES.filter(Boolean).join(", ")}, current value is ${
        showValue(task)
      }`,
    );
  }
  const known = [...new Set(["classifier", "score", ...modulesOf(head)])];
  const unknown = [modules ?? []].flat().find((name) => !known.includes(name as string));
  if (unknown === undefined) return;
  throw new Error(
    `Cannot read ${path}: modules_to_save must be among ${known.join(", ")}, current value is ${showValue(unknown)}`,
  );
}

/** The method that a config is of. */
function methodOf({ path, values }: PeftConfig): Part["method"] {
  const known = Object.values(methods).filter(({ peft }) => peft);
  const method = known.find(({ peft }) => peft!.type === values.peft_type);
  if (method) return method;
  throw new Error(
    `Cannot read ${path}: peft_type must be one of ${known.map(({ peft }) => peft!.type).join(", ")}, ` +
      `current value is ${showValue(values.peft_type)}`,
  );
}

/** A part as the note has it. */
function partOf({ name, version = 1, options }: PartSpec): Part {
  if (Object.hasOwn(methods, name)) {
    const method = methods[name];
    const { version: current = 1 } = method;
    if (version === current) return { method, options: parseOptions(method, options) };
    throw new Error(`Cannot use the method ${name}: its version must be ${current}, the adapter's is ${version}`);
  }
  throw new Error(
    `Cannot use the method ${shorten(name)}: there must be one of that name, the nearest is ${
      nearest(name, Object.keys(methods))
    }`,
  );
}

/** @throws {Error} if note and config do not say the same of what both say */
function requireAgreement(part: Part, shape: BackboneShape, { path, values }: PeftConfig): void {
  const { config } = storedForm(part.method, shape, part.options);
  const decided = ["modules_to_save", "task_type", "base_model_name_or_path", "revision", "peft_version"];
  for (const [key, value] of Object.entries(config ?? {})) {
    const [own, theirs] = [value, values[key]].map((of) => canonical(Array.isArray(of) ? of.toSorted() : of ?? null));
    if (decided.includes(key) || own === theirs) continue;
    throw new Error(
      `Cannot read ${path}: ${key} must be ${own}, as ${ADAPTER_NOTE} says, current value is ${shorten(theirs)}`,
    );
  }
}

async function readMethod(folder: string, shape: BackboneShape, head: Head, noted?: Part) {
  const path = `${folder}/${ADAPTER_CONFIG}`;
  if (!await isFile(path)) {
    if (!noted) {
      throw new Error(
        `Cannot read the adapter ${folder}: there must be ${ADAPTER_CONFIG}, as PEFT writes it, or ${ADAPTER_NOTE}`,
      );
    }
    return { part: noted, config: null };
  }
  const config = { path, values: await readObject(path, LONGEST_CONFIG) };
  requireKnownTask(config, head);
  const method = methodOf(config);
  if (!noted) {
    const options = parseOptions(method, method.peft!.options(config, shape));
    return { part: { method, options }, config };
  }
  requireAgreement(noted, shape, config);
  return { part: noted, config };
}

async function openTensors(folder: string): Promise<Record<string, StoredEntry>> {
  const path = `${folder}/${ADAPTER_TENSORS}`;
  if (await isFile(path)) return await readHeader(path);
  throw new Error(
    await isFile(`${folder}/adapter_model.bin`)
      ? `Cannot read the adapter ${folder}: tensors must be in safetensors, adapter_model.bin is a pickle, which may ` +
        "run any program; PEFT converts it: PeftModel.from_pretrained(model, folder).save_pretrained(folder)"
      : `Cannot read the adapter ${folder}: there must be a file ${ADAPTER_TENSORS}`,
  );
}

/** Compares shapes by name; lists what differs. */
function differences(
  found: Record<string, StoredEntry>,
  wanted: Record<string, readonly number[]>,
): string[] {
  return [...new Set([...Object.keys(wanted), ...Object.keys(found)])].flatMap((name) => {
    const own = Object.hasOwn(found, name) ? `[${found[name].shape}]` : "absent";
    const expected = Object.hasOwn(wanted, name) ? `[${wanted[name]}]` : "absent";
    return own === expected ? [] : [`${shorten(name)} must be ${expected}, current value is ${own}`];
  });
}

function requireFit(path: string, found: Record<string, StoredEntry>, wanted: Record<string, readonly number[]>): void {
  const differ = differences(found, wanted);
  if (differ.length > 0) {
    const rest = differ.length > LISTED ? `; and ${differ.length - LISTED} more` : "";
    throw new Error(`Cannot use ${path}: its tensors must fit the model: ${differ.slice(0, LISTED).join("; ")}${rest}`);
  }
  for (const [name, { dtype }] of Object.entries(found)) {
    if (FLOAT_TYPES.includes(dtype)) continue;
    throw new Error(`Cannot use ${path}: tensors must be ${FLOAT_TYPES.join(", ")}, ${shorten(name)} is ${dtype}`);
  }
}

/** Shapes of a classifier's tensors as they are stored, for as many classes as one of them has. */
function headShapes(head: Head, config: object | null, found: Record<string, StoredEntry>) {
  const key = (name: string) => headKey(config as Record<string, unknown> | null, name);
  const turned = (name: string) => isTurned(config as Record<string, unknown> | null, name);
  const shapes = (classes: number) =>
    head.parameters(classes).map(({ name, shape }) => ({
      name,
      key: key(name),
      turned: turned(name),
      shape: turned(name) ? shape.toReversed() : shape,
    }));
  const stored = shapes(1).filter(({ key }) => Object.hasOwn(found, key));
  if (stored.length === 0) return [];
  const two = shapes(2);
  for (const [at, { key, shape }] of shapes(1).entries()) {
    const axis = shape.findIndex((size, axis) => two[at].shape[axis] !== size);
    const classes = axis < 0 ? undefined : found[key]?.shape[axis];
    if (classes !== undefined) return shapes(classes);
  }
  return shapes(1);
}

/** The backbone with the weights that it reads as a language model, as far as the adapter has them. */
function withScores(shape: BackboneShape, found: Record<string, StoredEntry>): BackboneShape {
  const own = Object.entries(shape.languageModel?.weights ?? {}).filter(([name]) => Object.hasOwn(found, name));
  return { ...shape, weights: { ...shape.weights, ...Object.fromEntries(own) } };
}

/** Keys and shapes of the frozen tensors that a file of PEFT holds, by their names. */
function storedFrozen({ method, options }: Part, shape: BackboneShape, found: Record<string, StoredEntry>) {
  const keys = method.peft?.frozenKeys ?? {};
  const present = (method.frozen?.(shape, options) ?? []).filter(({ name }) => Object.hasOwn(found, keys[name]));
  return Object.fromEntries(present.map(({ name, shape }) => [name, { key: keys[name], shape }]));
}

async function findPart(folder: string, shape: BackboneShape, head: Head, noted?: Part): Promise<ValidPart> {
  const { part, config } = await readMethod(folder, shape, head, noted);
  const found = await openTensors(folder);
  const { shapes, parameters } = storedForm(part.method, withScores(shape, found), part.options);
  const classifier = headShapes(head, config?.values ?? null, found);
  const ofHead = Object.fromEntries(classifier.map(({ key, shape }) => [key, shape]));
  const frozen = config ? storedFrozen(part, shape, found) : {};
  const ofFrozen = Object.fromEntries(Object.values(frozen).map(({ key, shape }) => [key, shape]));
  requireFit(`${folder}/${ADAPTER_TENSORS}`, found, { ...shapes, ...ofHead, ...ofFrozen });
  let encoder: Record<string, StoredEntry> | undefined;
  if (!parameters && await isFile(`${folder}/${ENCODER_TENSORS}`)) {
    encoder = await readHeader(`${folder}/${ENCODER_TENSORS}`);
    const wanted = part.method.parameters(shape, part.options).map(({ name, shape }) => [name, shape]);
    requireFit(`${folder}/${ENCODER_TENSORS}`, encoder, Object.fromEntries(wanted));
  }
  return {
    ...part,
    folder,
    stored: Object.fromEntries(Object.keys(shapes).map((key) => [key, found[key]])),
    head: Object.fromEntries(classifier.map(({ name, key, turned }) => [name, { ...found[key], turned }])),
    frozen: Object.fromEntries(Object.entries(frozen).map(([name, { key }]) => [name, found[key]])),
    ...encoder && { encoder },
  };
}

/** Folders of joined methods that PEFT wrote: where it loads them one after the other, virtual tokens come last. */
async function partFolders(folder: string): Promise<string[]> {
  const found: { name: string; virtual: boolean }[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    const path = `${folder}/${name}/${ADAPTER_CONFIG}`;
    if (!await isFile(path)) continue;
    if (found.length === MOST_PARTS) {
      throw new Error(`Cannot read the adapter ${folder}: it must have at most ${MOST_PARTS} folders of methods`);
    }
    found.push({ name, virtual: Object.hasOwn(await readObject(path, LONGEST_CONFIG), "num_virtual_tokens") });
  }
  const sorted = found.sort((a, b) => Number(a.virtual) - Number(b.virtual) || (a.name < b.name ? -1 : 1));
  return sorted.map(({ name }) => name);
}

async function identify(folder: string, parts: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  const names = [
    ADAPTER_NOTE,
    ...parts.flatMap((part) => [ADAPTER_CONFIG, ADAPTER_TENSORS, ENCODER_TENSORS].map((name) => part + name)),
  ];
  for (const name of names) {
    const sum = await sha256File(`${folder}/${name}`);
    if (sum !== null) hash.update(`${name} ${sum}\n`);
  }
  return hash.digest("hex");
}

/**
 * Opens an adapter's folder, of this project or of PEFT; of joined methods, the one with a folder for each.
 * @param model the backbone's name and revision; given, a folder that says of which it is must say the same
 * @throws {Error} one sentence, if it cannot be read or does not fit the backbone; what differs is listed
 */
export async function validateAdapter(
  folder: string,
  backbone: BackboneShape,
  model?: AdapterNote["model"],
): Promise<ValidAdapter> {
  if (!await isFolder(folder)) throw new Error(`Cannot read the adapter ${folder}: there must be such a folder`);
  const note = await readAdapterNote(folder);
  if (note && model && note.model.revision !== model.revision) {
    const [own, other] = [note.model, model].map(({ name, revision }) => `${shorten(name)} (${shorten(revision)})`);
    throw new Error(`Cannot use the adapter ${folder}: the model must be ${own}, which it belongs to, it is ${other}`);
  }
  const noted = note?.method.map(partOf);
  const alone = note ? note.method.length === 1 : await isFile(`${folder}/${ADAPTER_CONFIG}`);
  const joined = alone ? [] : note ? note.method.map(({ name }) => name) : await partFolders(folder);
  const places = joined.length === 0 ? [""] : joined.map((name) => `${name}/`);
  const head = backbone.head ?? plainHead(backbone.featureWidth);
  const parts: ValidPart[] = [];
  for (const [at, place] of places.entries()) {
    parts.push(await findPart(`${folder}/${place}`.replace(/\/$/, ""), backbone, head, noted?.[at]));
  }
  const twice = parts.find(({ method }, at) => parts.findIndex((other) => other.method === method) !== at);
  if (twice) {
    throw new Error(`Cannot read the adapter ${folder}: its methods must differ, it has two of ${twice.method.name}`);
  }
  return { folder, sha256: await identify(folder, places), ...note && { note }, parts };
}
