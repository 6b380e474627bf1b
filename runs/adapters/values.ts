/**
 * Reads the values of an adapter.
 * @module
 */
import { sizeOf } from "../../base/shapes.ts";
import { readFloats } from "../../engine/floats.ts";
import type { NamedArray, StoredEntry } from "../../engine/safetensors.ts";
import { tf } from "../../engine/tensor.ts";
import type { Part } from "../../methods/adaptation/compose.ts";
import { storedForm } from "../../methods/adaptation/stored-form.ts";
import type { BackboneShape } from "../../models/types.ts";
import { toArrays, toTensors } from "./tensors.ts";
import type { ValidAdapter, ValidPart } from "./validate.ts";

/** One method of an adapter with its values. */
export interface LoadedPart extends Part {
  /** The stored tensors by their keys. */
  stored: Record<string, NamedArray>;
  /** The classifier's tensors by their names; empty if another part holds the classifier, or none does. */
  head: Record<string, NamedArray>;
  /** If it was kept, the encoder that computed the stored tensors: its parameters by their names. */
  encoder?: Record<string, NamedArray>;
}

async function readEntry(name: string, entry: StoredEntry): Promise<NamedArray> {
  const { shape } = entry;
  const data = new Float32Array(sizeOf(shape));
  let at = 0;
  for await (const piece of readFloats(name, entry)) {
    data.set(piece, at);
    at += piece.length;
  }
  return { shape, data };
}

async function readEntries(entries: Record<string, StoredEntry>): Promise<Record<string, NamedArray>> {
  const read: Record<string, NamedArray> = {};
  for (const [name, entry] of Object.entries(entries)) read[name] = await readEntry(name, entry);
  return read;
}

/** The transpose of a matrix. */
function transpose({ shape: [rows, columns], data }: NamedArray): NamedArray {
  return {
    shape: [columns, rows],
    data: data.map((_, at) => data[(at % rows) * columns + Math.floor(at / rows)]),
  };
}

/** Greatest relative difference between a stored projection and the one drawn from its seed: PEFT may store 16 bits. */
const PROJECTION_TOLERANCE = 1e-2;

/** @throws {Error} if a projection in the file differs from the one drawn from its seed */
async function requireSameProjections({ method, options, folder, frozen }: ValidPart, shape: BackboneShape) {
  const stored = await readEntries(frozen);
  for (const { name, draw } of method.frozen?.(shape, options) ?? []) {
    if (!stored[name]) continue;
    const drawn = draw(options.projectionSeed!);
    const { data } = stored[name];
    if (drawn.every((value, at) => Math.abs(value - data[at]) <= PROJECTION_TOLERANCE * Math.abs(value))) continue;
    throw new Error(
      `Cannot read the adapter ${folder}: ${name} must be what PyTorch draws from projection_prng_key ` +
        `${options.projectionSeed}, the file holds another`,
    );
  }
}

/** Reads the values of a part. @throws {Error} if one is not finite, or if a frozen tensor differs from the one drawn from its seed */
export async function readPart(part: ValidPart, shape: BackboneShape): Promise<LoadedPart> {
  const { method, options, stored, head, encoder } = part;
  await requireSameProjections(part, shape);
  const headValues = await readEntries(head);
  for (const [name, { transposed }] of Object.entries(head)) {
    if (transposed) headValues[name] = transpose(headValues[name]);
  }
  return {
    method,
    options,
    stored: await readEntries(stored),
    head: headValues,
    ...encoder && { encoder: await readEntries(encoder) },
  };
}

/**
 * The parameters of an adapter, by the method's names, and the weights that it trains in place, by theirs.
 * @throws {Error} if they were not stored, but only what an encoder computes from them
 */
export function adapterParameters(
  { method, options, stored, encoder }: Pick<LoadedPart, "method" | "options" | "stored" | "encoder">,
  shape: BackboneShape,
): Record<string, NamedArray> {
  const form = storedForm(method, shape, options);
  if (!form.parameters) {
    if (encoder) return encoder;
    throw new Error(
      `Cannot read parameters of ${method.name}: they must be stored, there is only what its encoder makes of them`,
    );
  }
  const tensors = toTensors(stored);
  const parameters = form.parameters(tensors);
  const arrays = toArrays(parameters);
  tf.dispose([tensors, parameters]);
  return arrays;
}

/**
 * The adapter in the form in which it is used, not trained: if an encoder computes the stored tensors, the method of the same
 * effect whose parameters these are (prompt tuning instead of P-tuning).
 */
export function plainAdapter(adapter: LoadedPart, shape: BackboneShape): LoadedPart {
  const { plain } = storedForm(adapter.method, shape, adapter.options);
  if (!plain) return adapter;
  const { encoder: _, ...rest } = adapter;
  return { ...rest, ...plain };
}

/** Every trained tensor of an adapter, its classifier included, by the names that a trainable program gives it. */
export async function adapterValues(
  { parts }: ValidAdapter,
  shape: BackboneShape,
): Promise<Record<string, NamedArray>> {
  const values: Record<string, NamedArray> = {};
  for (const part of parts) {
    const read = await readPart(part, shape);
    const inPlace = new Set(part.method.trains(shape, part.options));
    for (const [name, value] of Object.entries(adapterParameters(read, shape))) {
      values[inPlace.has(name) ? name : `${part.method.name}/${name}`] = value;
    }
    Object.assign(values, read.head);
  }
  return values;
}
