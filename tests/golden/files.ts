/**
 * Files of golden values.
 * @module
 */
import { readBytes, readHeader, type StoredEntry } from "../../engine/safetensors.ts";
import type { ArrayValue } from "../../engine/types.ts";

/** Tensors' values by name. */
export type Values = Record<string, Float32Array>;

/** A file's tensors, integers as such. */
export async function readTensors(path: string): Promise<Record<string, ArrayValue>> {
  const read = async (entry: StoredEntry) => {
    const bytes: number[] = [];
    for await (const piece of readBytes(entry)) bytes.push(...piece);
    const { buffer } = Uint8Array.from(bytes);
    return { shape: entry.shape, data: entry.dtype === "I32" ? new Int32Array(buffer) : new Float32Array(buffer) };
  };
  const entries = Object.entries(await readHeader(path));
  return Object.fromEntries(
    await Promise.all(entries.map(async ([name, entry]) => [name, await read(entry)] as const)),
  );
}

/** A file's values. */
export async function readValues(path: string): Promise<Values> {
  const tensors = Object.entries(await readTensors(path));
  return Object.fromEntries(tensors.map(([name, { data }]) => [name, data as Float32Array]));
}

/** What case.json says. */
export interface Case {
  adamw: { lr: number; betas: [number, number]; eps: number; weight_decay: number };
  method: string;
  params: { name: string; file: string; key: string; shape: number[] }[];
  steps: number;
  trainable: number;
}

/** Texts and what greedy generation makes of them. */
export interface Generated {
  input_ids: number[][];
  output_ids: number[][];
  attention_mask?: number[][];
}

/** Continuations by name; none where the folder has no such file. */
export async function readGenerated(path: string): Promise<Record<string, Generated>> {
  const text = await Deno.readTextFile(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return "{}";
    throw error;
  });
  return JSON.parse(text);
}

/** Folders in a folder, by name. */
export async function folders(path: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(path)) if (isDirectory) names.push(name);
  return names.sort();
}
