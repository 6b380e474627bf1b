/**
 * The values of an adapter.
 * @module
 */
import { sizeOf } from "../../base/shapes.ts";
import { readFloats } from "../../engine/floats.ts";
import type { NamedArray, StoredEntry } from "../../engine/safetensors.ts";
import { type Tensors, tf } from "../../engine/tensor.ts";
import type { Part } from "../../methods/compose.ts";
import { storedForm } from "../../methods/stored-form.ts";
import type { BackboneShape } from "../../models/types.ts";
import type { ValidAdapter, ValidPart } from "./validate.ts";

/** One method of an adapter, read. */
export interface LoadedPart extends Part {
  /** The method's tensors by their keys. */
  stored: Record<string, NamedArray>;
  /** The classifier's tensors by their names; none where another part has it, or nobody. */
  head: Record<string, NamedArray>;
  /** What the stored tensors were made of, by the parameters' names, where it was kept. */
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

/** A matrix [a, b] the other way round, [b, a]. */
function transposed({ shape: [rows, columns], data }: NamedArray): NamedArray {
  const turned = data.map((_, at) => data[(at % rows) * columns + Math.floor(at / rows)]);
  return { shape: [columns, rows], data: turned };
}

/** Greatest difference between a stored projection and the one that its seed makes: PEFT may have kept it in 16 bits. */
const PROJECTION_TOLERANCE = 1e-2;

/** @throws {Error} if a projection in the file is another than the one that its seed makes */
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

/** Reads what was found. @throws {Error} if a value is no finite number, or a frozen tensor not what its seed makes */
export async function readPart(part: ValidPart, shape: BackboneShape): Promise<LoadedPart> {
  const { method, options, stored, head, encoder } = part;
  await requireSameProjections(part, shape);
  const headValues = await readEntries(head);
  for (const [name, { turned }] of Object.entries(head)) if (turned) headValues[name] = transposed(headValues[name]);
  return {
    method,
    options,
    stored: await readEntries(stored),
    head: headValues,
    ...encoder && { encoder: await readEntries(encoder) },
  };
}

/**
 * The parameters of an adapter under the method's names, and the weights that it trains in place under theirs.
 * @throws {Error} if what is stored does not determine them
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
  tf.setBackend("cpu");
  const tensors: Tensors = Object.fromEntries(
    Object.entries(stored).map(([key, { shape, data }]) => [key, tf.tensor(data, [...shape])]),
  );
  const found = form.parameters(tensors);
  const arrays = Object.entries(found).map(([name, tensor]) =>
    [name, { shape: tensor.shape, data: tensor.dataSync() as Float32Array }] as const
  );
  tf.dispose([tensors, found]);
  return Object.fromEntries(arrays);
}

/**
 * The adapter as it is used, not trained: where an encoder makes what is stored, the method, of the same effect, that has
 * this as its parameters.
 */
export function plainAdapter(adapter: LoadedPart, shape: BackboneShape): LoadedPart {
  const { plain } = storedForm(adapter.method, shape, adapter.options);
  if (!plain) return adapter;
  const { encoder: _, ...rest } = adapter;
  return { ...rest, ...plain };
}

/** Every tensor of an adapter's parts and classifier, under the names of `compose` and of `trainable`. */
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
