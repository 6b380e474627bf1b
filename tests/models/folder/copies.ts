/**
 * Copies of the golden folders with something changed.
 * @module
 */
import { fileURLToPath } from "node:url";
import { readHeader, readStored } from "../../../engine/safetensors.ts";
import { type Files, writeFiles } from "../../in-folder.ts";

/** A file of an architecture's golden model. */
function goldenPath(architecture: string, file: string): string {
  const folder = architecture === "t5" ? "T5A" : "A";
  return fileURLToPath(new URL(`../../golden/${folder}/${architecture}/model/${file}`, import.meta.url));
}

/** A tensor as a file of any type stores it. */
export interface AnyTensor {
  dtype: string;
  shape: readonly number[];
  bytes: Uint8Array<ArrayBuffer>;
}

/** The config.json of an architecture's golden model. */
export async function goldenConfig(architecture = "bert"): Promise<Record<string, unknown>> {
  return JSON.parse(await Deno.readTextFile(goldenPath(architecture, "config.json")));
}

/** The tensors of an architecture's golden model. */
export async function goldenTensors(architecture = "bert"): Promise<Record<string, AnyTensor>> {
  return await readTensors(goldenPath(architecture, "model.safetensors"));
}

/** The tensors of a file of float32. */
export async function readTensors(path: string): Promise<Record<string, AnyTensor>> {
  const tensors: Record<string, AnyTensor> = {};
  for (const [name, entry] of Object.entries(await readHeader(path))) {
    const values = await readStored(entry);
    tensors[name] = { dtype: entry.dtype, shape: entry.shape, bytes: new Uint8Array(values.slice().buffer) };
  }
  return tensors;
}

/** A safetensors file. */
export function safetensors(tensors: Record<string, AnyTensor>): Uint8Array {
  const header: Record<string, unknown> = {};
  let offset = 0;
  for (const [name, { dtype, shape, bytes }] of Object.entries(tensors)) {
    header[name] = { dtype, shape, data_offsets: [offset, offset += bytes.length] };
  }
  const json = JSON.stringify(header);
  const text = new TextEncoder().encode(json.padEnd(Math.ceil(json.length / 8) * 8));
  const file = new Uint8Array(8 + text.length + offset);
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
  file.set(text, 8);
  let at = 8 + text.length;
  for (const { bytes } of Object.values(tensors)) {
    file.set(bytes, at);
    at += bytes.length;
  }
  return file;
}

/** A folder that is removed when the tests end. */
export async function makeFolder(files: Files, name = "tiny-bert"): Promise<string> {
  const parent = await Deno.makeTempDir({ prefix: "tunebench-folder-" });
  globalThis.addEventListener("unload", () => Deno.removeSync(parent, { recursive: true }));
  const folder = `${parent}/${name}`;
  await Deno.mkdir(folder);
  await writeFiles(folder, files);
  return folder;
}
