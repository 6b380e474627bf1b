/**
 * SHA-256 of files.
 * @module
 */
import { createHash } from "node:crypto";

const CHUNK = 1 << 20;

/** SHA-256 of a file in hexadecimal, or null if there is no such file. Reads it piece by piece. */
export async function sha256File(path: string): Promise<string | null> {
  const hash = createHash("sha256");
  try {
    using file = await Deno.open(path);
    const chunk = new Uint8Array(CHUNK);
    for (let count = await file.read(chunk); count !== null; count = await file.read(chunk)) {
      hash.update(chunk.subarray(0, count));
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  return hash.digest("hex");
}

/**
 * Reads a source file.
 * @throws {Error} if its SHA-256 is another than the one given
 */
export async function readVerified(path: string, sha256: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await Deno.readFile(path);
  const found = createHash("sha256").update(bytes).digest("hex");
  if (found !== sha256) {
    throw new Error(`Cannot read ${path}: its SHA-256 must be ${sha256}, current value is ${found}`);
  }
  return bytes;
}
