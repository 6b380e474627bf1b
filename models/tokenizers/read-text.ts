/**
 * Text files of tokenizers.
 * @module
 */

/** Bytes of the longest file that is read. */
export const LONGEST: number = 1 << 26;

/** Reads a text file. @throws {Error} if it is longer than any vocabulary */
export async function readText(path: string): Promise<string> {
  const { size } = await Deno.stat(path);
  if (size > LONGEST) {
    throw new Error(`Cannot read ${path}: it must have at most ${LONGEST} bytes, current value is ${size}`);
  }
  return await Deno.readTextFile(path);
}
