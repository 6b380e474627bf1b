/**
 * Models in GGUF files. Each file is converted once into a folder of the cache, as transformers saves models, and read from
 * there.
 * @module
 */
import { basename, join } from "node:path";
import { lookedFor, openFile, readText, sha256File } from "../../base/files.ts";
import { writeFolder, writeWhole } from "../../base/write-files.ts";
import { sizeOf } from "../../base/shapes.ts";
import { areFinite } from "../../engine/floats.ts";
import { writeInPieces } from "../../engine/safetensors.ts";
import { cacheFolder } from "../cache.ts";
import { describeGguf, type GgufWeight, RESCALING } from "./config.ts";
import { convertTokenizer, type TokenizerFiles } from "./tokenizer.ts";
import { type GgufHeader, readAt, readGgufHeader, rowBytes } from "./file.ts";
import type { Architecture, Model } from "../types.ts";
import { matchWeights } from "../folder/weights.ts";

/** Version of the conversion, to be raised when it makes another folder of the same file. */
const VERSION = 1;
/** File with the folder's revision when it was made. It is written last, so a folder without it is not complete. */
const REVISION = "revision";
/** Bytes of the longest revision that is read. */
const LONGEST_REVISION = 1 << 10;
/** Most values of the tensor that rescales the rotation. */
const WIDEST_HEAD = 1 << 12;
/** Values that are converted at a time; at least one row. */
const PIECE = 1 << 18;

/** Whether a path is that of a GGUF file, by its extension. */
export function isGguf(path: string): boolean {
  return path.endsWith(".gguf");
}

/**
 * Row of the file that holds a row of a weight whose rows are paired. Entries i and i + width ÷ 2 of a head are a pair: rows
 * 2i and 2i + 1 of the file.
 */
function pairedRow(row: number, width: number): number {
  const within = row % width;
  const half = width / 2;
  return row - within + 2 * (within % half) + Math.floor(within / half);
}

/** The float32 values of a weight in pieces of whole rows, in the order of transformers. Each piece is overwritten by the next. */
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
    const converted = floats.subarray(0, count * columns);
    type.dequantise(piece, converted);
    if (!areFinite(converted)) {
      throw new Error(`Cannot use ${path}: every weight must be a finite number, ${name} has others`);
    }
    yield converted;
  }
}

/** Content of a folder. */
interface Conversion {
  header: GgufHeader;
  config: object;
  weights: Record<string, GgufWeight>;
  tokenizer: TokenizerFiles | undefined;
}

/** Values of the tensor that rescales the rotation, if there is one; no values if it is wider than any head. */
async function readRescaling({ path, tensors }: GgufHeader): Promise<Float32Array | undefined> {
  if (!Object.hasOwn(tensors, RESCALING)) return undefined;
  const tensor = tensors[RESCALING];
  if (tensor.shape.length > 1 || tensor.shape[0] > WIDEST_HEAD) return new Float32Array();
  using file = (await openFile(path)).file;
  const [all] = values(path, file, RESCALING, tensor);
  return all;
}

/** Content of the folder, without reading the weights. @throws {Error} if the file cannot be converted */
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

/** A model card with the licence in the metadata; empty if they name none. */
function cardOf({ metadata }: GgufHeader): string {
  const { "general.license": licence } = metadata;
  return typeof licence === "string" && !/[\r\n]/.test(licence) ? `---\nlicense: ${licence}\n---\n` : "";
}

/** Writes the content of the folder. */
async function convert(folder: string, { header, config, weights, tokenizer }: Conversion): Promise<void> {
  const { path } = header;
  using file = (await openFile(path)).file;
  const shapes = Object.fromEntries(Object.entries(weights).map(([name, { shape }]) => [name, shape]));
  await writeInPieces(`${folder}/model.safetensors`, shapes, (name) => values(path, file, name, weights[name]));
  for (const [name, value] of Object.entries({ "config.json": config, ...tokenizer })) {
    await Deno.writeTextFile(`${folder}/${name}`, JSON.stringify(value));
  }
  await Deno.writeTextFile(`${folder}/README.md`, cardOf(header));
}

/** Reads the model of a folder. */
export type ReadFolder = (folder: string) => Promise<Model>;

/** The model of the folder; undefined if there is no complete folder, or if its files have changed since it was made. */
async function readConverted(folder: string, read: ReadFolder): Promise<Model | undefined> {
  const revision = await readText(`${folder}/${REVISION}`, LONGEST_REVISION).catch(() => undefined);
  if (revision === undefined) return undefined;
  const model = await read(folder).catch(() => undefined);
  return model?.revision === revision ? model : undefined;
}

/** Makes the folder in one step, then writes its revision. */
async function makeFolder(folder: string, source: string, conversion: Conversion, read: ReadFolder): Promise<Model> {
  const { path } = conversion.header;
  await writeFolder(folder, async (draft) => {
    await convert(draft, conversion);
    if (await sha256File(path) !== source) throw new Error(`Cannot use ${path}: it was changed while it was read`);
  });
  const model = await read(folder);
  await writeWhole(`${folder}/${REVISION}`, model.revision);
  return model;
}

/**
 * The model of a GGUF file, which is converted into the cache the first time. Later calls read the file's header and checksum,
 * and the folder. If several processes ask at once, one converts and the others wait.
 * @param architectures the architectures by `model_type`
 * @param read reads the model of a folder
 * @throws {Error} one sentence, if the file is damaged, or of a kind that is not supported
 */
export async function readGguf(
  path: string,
  architectures: Record<string, Architecture>,
  read: ReadFolder,
): Promise<Model> {
  const conversion = await prepare(await readGgufHeader(path), architectures);
  const source = await sha256File(path);
  if (source === null) throw new Error(`Cannot read ${path}: there must be such a file${lookedFor(path)}`);
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

/** Waits for the lock of a file, which lasts until it is closed or the process ends. */
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
