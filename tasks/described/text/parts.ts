/**
 * The text of a file, part by part, so that a file may be larger than memory.
 * @module
 */
import { decodeText, encodingOf, LONGEST, type Remedies } from "../../task-files.ts";

/** What reads other encodings than those that are found out. */
const REMEDIES: Remedies = {
  latin1: 'the encoding latin-1 reads it ("encoding" in a description, or --encoding)',
  utf16: 'the encoding utf-16le or utf-16be reads it ("encoding" in a description, or --encoding)',
};

/**
 * The text of a file in parts of whole lines, as {@linkcode decodeText} gives it.
 * @param chunks the file's bytes, each of them valid until the next
 * @param encoding its encoding, where that is known: a label of the Encoding Standard
 * @throws {Error} as {@linkcode decodeText}, or if a line is too long
 */
export async function* textParts(
  chunks: AsyncIterable<Uint8Array>,
  path: string,
  encoding?: string,
): AsyncGenerator<string> {
  let before = 0;
  let marked: string | undefined;
  let held: Uint8Array[] = [];
  let length = 0;
  const take = (last: Uint8Array) => {
    const bytes = held.length === 0 ? last : joined([...held, last]);
    marked ??= encodingOf(bytes);
    const text = decodeText(bytes, path, encoding, REMEDIES, { before, marked });
    before += countLines(text);
    return text;
  };
  for await (const chunk of chunks) {
    const end = endOfLine(chunk, encoding ?? marked ?? encodingOf(held[0] ?? chunk), length);
    if (end > 0) yield take(chunk.subarray(0, end));
    if (end > 0) [held, length] = [[], 0];
    held.push(chunk.slice(end));
    length += chunk.length - end;
    if (length > LONGEST) {
      throw new Error(`Cannot use ${path}: a line must have at most ${LONGEST} bytes, line ${before + 1} has more`);
    }
  }
  if (length > 0 || before === 0) yield take(new Uint8Array());
}

/** Where the last line that ends in a chunk has its end; 0 if none does. @param offset bytes of the file's part before it */
function endOfLine(chunk: Uint8Array, encoding: string, offset: number): number {
  if (!encoding.startsWith("utf-16")) return chunk.lastIndexOf(0x0a) + 1;
  const [first, second] = encoding === "utf-16le" ? [0x0a, 0] : [0, 0x0a];
  for (let at = chunk.length - 2; at >= 0; at--) {
    if ((offset + at) % 2 === 0 && chunk[at] === first && chunk[at + 1] === second) return at + 2;
  }
  return 0;
}

/** Bytes one after the other. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
  return count;
}
