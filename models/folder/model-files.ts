/**
 * The files that a model consists of, and the checksum over them that identifies the model.
 * @module
 */
import { createHash } from "node:crypto";
import type { FileSource } from "../file-source.ts";
import { tokenizerFiles } from "../tokenizers/tokenizer.ts";
import { weightFiles } from "./weights.ts";

/** The note of an adapter that was folded into the model: what the model has learnt from belongs to what it is. */
const NOTE = "tunebench.json";

/**
 * Names of the files that a model consists of.
 * @throws {Error} if weights are missing, or not in safetensors
 */
export async function modelFiles(source: FileSource): Promise<string[]> {
  const note = await source.has(NOTE) ? [NOTE] : [];
  return ["config.json", ...await weightFiles(source), ...await tokenizerFiles(source), ...note];
}

/** SHA-256 over the names and the SHA-256 of files, in the order of their names. */
export async function identify(
  names: readonly string[],
  sha256Of: (name: string) => Promise<string | null> | string,
): Promise<string> {
  const hash = createHash("sha256");
  for (const name of names.toSorted()) hash.update(`${name} ${await sha256Of(name)}\n`);
  return hash.digest("hex");
}
