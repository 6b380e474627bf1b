/**
 * Models in GGUF files: each is converted once into a folder as transformers saves it, in the cache, and read from there.
 * @module
 */
import { basename, join } from "node:path";
import { sizeOf } from "../../base/shapes.ts";
import { areFinite } from "../../engine/floats.ts";
import { writeInPieces } from "../../engine/safetensors.ts";
import { cacheFolder } from "../cache.ts";
import { sha256File } from "../../base/files.ts";
import { describeGguf, type GgufWeight, RESCALING } from "./config.ts";
import { convertTokenizer, type TokenizerFiles } from "./tokenizer.ts";
import { type GgufHeader, readAt, readGgufHeader, rowBytes } from "./file.ts";
import type { Architecture, Model } from "../types.ts";
import { matchWeights } from "../folder/weights.ts";

/** Version of the conversion: to be raised when the folder of the same file becomes another. */
const VERSION = 1;
/** The folder's file that holds the revision it had when it was made; without it the folder is not finished. */
const REVISION = "revision";
/** Values that the rescaling of a rotation may have. */
const WIDEST_HEAD = 1 << 12;
/** Values of a piece, at least one row. */
const PIECE = 1 << 18;

/** Whether a path is that of a GGUF file, by its end. */
export function isGguf(path: string): boolean {
  return path.endsWith(".gguf");
}

/** Row of the file that holds a row of a weight with paired entries: (i, half) lies at i + half · width, and is at 2i + half. */
function pairedRow(row: number, width: number): number {
  const within = row % width;
  const half = width / 2;
  return row - within + 2 * (within % half) + Math.floor(within / half);
}

/** The float32 values of a weight, rows in transformers' order, piece by piece; a piece is valid until the next. */
function* values(path: string, file: Deno.FsFile, name: string, weight: GgufWeight): Generator<Float32Array> {
  const { type, shape, offset, pairedHeads } = weight;
  const columns = shape.at(-1)!;
  const rows = sizeOf(shape.slice(0, -1));
  const stride = rowBytes(weight);
  const atOnce = Math.min(rows, Math.max(1, Math.floor(PIECE / columns)));
  const bytes = new Uint8Array(atOnce * stride);
  const floats = new Float32Array(atOnce * columns);
  for (let first = 0; first < rows; first += atOnce) {
    const count = Math.min(atOnce, rows - first);
    const piece = bytes.subarray(0, count * stride);
    if (pairedHeads === undefined) readAt(path, file, offset + first * stride, piece);
    else {
      for (let row = 0; row < count; row++) {
        const from = pairedRow(first + row, rows / pairedHeads);
        readAt(path, file, offset + from * stride, piece.subarray(row * stride, (row + 1) * stride));
      }
    }
    const found = floats.subarray(0, count * columns);
    type.dequantise(piece, found);
    if (!areFinite(found)) {
      throw new Error(`Cannot use ${path}: every weight must be a finite number, ${name} has others`);
    }
    yield found;
  }
}

/** What a folder is made of. */
interface Conversion {
  header: GgufHeader;
  config: object;
  weights: Record<string, GgufWeight>;
  tokenizer: TokenizerFiles | undefined;
}

/** The tensor that rescales the rotation, if there is one; nothing of one that is larger than any head. */
async function readRescaling({ path, tensors }: GgufHeader): Promise<Float32Array | undefined> {
  if (!Object.hasOwn(tensors, RESCALING)) return undefined;
  const tensor = tensors[RESCALING];
  if (tensor.shape.length > 1 || tensor.shape[0] > WIDEST_HEAD) return new Float32Array();
  using file = await Deno.open(path);
  const [all] = values(path, file, RESCALING, tensor);
  return all;
}

/** All that can be said of a file without reading its weights. @throws {Error} if it cannot be converted */
async function prepare(header: GgufHeader, architectures: Record<string, Architecture>): Promise<Conversion> {
  const { path } = header;
  const { config, weights } = describeGguf(header, await readRescaling(header));
  const design = architectures[config.model_type].design({ path, values: config });
  const tokenizer = convertTokenizer(header, design.maxLength);
  const tokens = header.metadata["tokenizer.ggml.tokens"];
  if (tokenizer && Array.isArray(tokens) && tokens.length > design.vocabularySize) {
    throw new Error(
      `Cannot use ${path}: it must have at most ${design.vocabularySize} tokens, the rows of its word embeddings, ` +
        `current value is ${tokens.length}`,
    );
  }
  const { prefix, languageModel } = design;
  const wanted = { prefix, shapes: design.weights, optional: languageModel?.weights ?? {} };
  return { header, config, weights: matchWeights(path, weights, wanted), tokenizer };
}

/** A model card that names the licence, where the metadata does. */
function cardOf({ metadata }: GgufHeader): string {
  const { "general.license": licence } = metadata;
  return typeof licence === "string" && !/[\r\n]/.test(licence) ? `---\nlicense: ${licence}\n---\n` : "";
}

/** Writes the folder. */
async function convert(folder: string, { header, config, weights, tokenizer }: Conversion): Promise<void> {
  const { path } = header;
  using file = await Deno.open(path);
  const shapes = Object.fromEntries(Object.entries(weights).map(([name, { shape }]) => [name, shape]));
  await writeInPieces(`${folder}/model.safetensors`, shapes, (name) => values(path, file, name, weights[name]));
  for (const [name, value] of Object.entries({ "config.json": config, ...tokenizer })) {
    await Deno.writeTextFile(`${folder}/${name}`, JSON.stringify(value));
  }
  await Deno.writeTextFile(`${folder}/README.md`, cardOf(header));
}

/** The model of a folder. */
export type ReadFolder = (folder: string) => Promise<Model>;

/** The folder as it was made; undefined where there is none, or where it has been damaged since. */
async function readConverted(folder: string, read: ReadFolder): Promise<Model | undefined> {
  const revision = await Deno.readTextFile(`${folder}/${REVISION}`).catch(() => undefined);
  if (revision === undefined) return undefined;
  const model = await read(folder).catch(() => undefined);
  return model?.revision === revision ? model : undefined;
}

/** Removes a folder, if there is one. */
async function remove(folder: string): Promise<void> {
  await Deno.remove(folder, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

/** Makes the folder, beside its place first; its revision is written last. A draft that was left is replaced. */
async function makeFolder(
  folder: string,
  source: string,
  conversion: Conversion,
  read: ReadFolder,
): Promise<Model> {
  const { path } = conversion.header;
  const draft = `${folder}.draft`;
  await remove(draft);
  await Deno.mkdir(draft);
  try {
    await convert(draft, conversion);
    if (await sha256File(path) !== source) throw new Error(`Cannot use ${path}: it was changed while it was read`);
    await remove(folder);
    await Deno.rename(draft, folder);
  } catch (error) {
    await remove(draft);
    if (!(error instanceof Error && "code" in error)) throw error;
    throw new Error(`Cannot convert ${path} in the cache folder ${cacheFolder()}: ${error.message}`);
  }
  const model = await read(folder);
  await Deno.writeTextFile(`${folder}/${REVISION}`, model.revision);
  return model;
}

/**
 * The model of a GGUF file, which is converted into the cache the first time it is asked for; the next time its header and
 * its checksum are read, and the folder. Of several processes that ask at once one converts and the others wait.
 * @param architectures by `model_type`
 * @param read the model of a folder
 * @throws {Error} one sentence, if the file is damaged, or is of a kind that is not read
 */
export async function readGguf(
  path: string,
  architectures: Record<string, Architecture>,
  read: ReadFolder,
): Promise<Model> {
  const conversion = await prepare(await readGgufHeader(path), architectures);
  const source = await sha256File(path);
  if (source === null) throw new Error(`Cannot read ${path}: there must be such a file`);
  const folder = join(cacheFolder(), `gguf-${source.slice(0, 16)}-v${VERSION}`);
  const lock = await lockFile(`${folder}.lock`);
  try {
    const model = await readConverted(folder, read) ??
      await makeFolder(folder, source, conversion, read);
    return { ...model, name: basename(path), description: `${model.description.split(" ")[0]} from a GGUF file` };
  } finally {
    lock.close();
  }
}

/** A file that this process alone holds until it is closed; the system releases it when the process ends. */
async function lockFile(path: string): Promise<Deno.FsFile> {
  try {
    await Deno.mkdir(cacheFolder(), { recursive: true });
    const file = await Deno.open(path, { write: true, create: true });
    await file.lock(true);
    return file;
  } catch (error) {
    throw new Error(`Cannot use the cache folder ${cacheFolder()}: ${(error as Error).message}`);
  }
}
