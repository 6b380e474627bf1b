/**
 * Golden GGUF files, and files written for a test.
 * @module
 */
import { fileURLToPath } from "node:url";
import { readHeader, readStored } from "../../../engine/safetensors.ts";
import { makeFolder } from "../folder/copies.ts";
import { type GgufFile, writeGguf } from "./write-file.ts";

/** Path of a golden file. */
export const golden = (name: string): string => fileURLToPath(new URL(`../../golden/gguf/${name}`, import.meta.url));
/** Path of the golden model that a GGUF file was made from. */
export const goldenFolder = (arch: string): string =>
  fileURLToPath(new URL(`../../golden/A/${arch}/model`, import.meta.url));

/** The values of each tensor of a safetensors file. */
export async function valuesOf(path: string): Promise<Record<string, Float32Array>> {
  const entries = Object.entries(await readHeader(path));
  return Object.fromEntries(
    await Promise.all(entries.map(async ([name, entry]) => [name, await readStored(entry)] as const)),
  );
}

/** Writes a GGUF file into a new folder. Returns its path. */
export async function fileOf(file: GgufFile, name = "tiny.gguf"): Promise<string> {
  return `${await makeFolder({ [name]: writeGguf(file).bytes })}/${name}`;
}
