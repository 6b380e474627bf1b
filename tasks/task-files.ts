/**
 * Task files: files that users give, for tasks whose data the project must not distribute.
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { shorten, suggestion } from "../base/errors.ts";
import { readBytes } from "../base/files.ts";
import type { Example, TaskFiles } from "./types.ts";

/** Bytes of the longest task file that is read. */
export const LONGEST = 1 << 28;
/** Characters of the longest text: a tokenizer reads a text as a whole, which takes 6 s for a million of them. */
const LONGEST_TEXT = 1 << 17;

/**
 * Computes the checksums of the files that a user gives.
 * @param folder folder of the files
 * @param names names of the files in it
 * @throws {Error} if one is missing
 */
export async function hashTaskFiles(folder: string, names: readonly string[]): Promise<TaskFiles> {
  const files: Record<string, string> = {};
  for (const name of names) files[name] = sha256(await readBytes(join(folder, name), LONGEST));
  return { folder, files };
}

/**
 * Reads a task file.
 * @throws {Error} if it is missing or has changed
 */
export async function readTaskFileBytes({ folder, files }: TaskFiles, name: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await readBytes(join(folder, name), LONGEST);
  const actual = sha256(bytes);
  if (actual === files[name]) return bytes;
  throw new Error(`Cannot use ${join(folder, name)}: its SHA-256 must be ${files[name]}, current value is ${actual}`);
}

/**
 * Reads a task file as text: UTF-8, or UTF-16 with a byte-order mark. Line ends become "\n", other "\r" are white space.
 * @throws {Error} if it is missing or has changed, if it is in another encoding, or if it holds replacement characters or NUL
 */
export async function readTaskFile(taskFiles: TaskFiles, name: string): Promise<string> {
  return decodeText(await readTaskFileBytes(taskFiles, name), join(taskFiles.folder, name));
}

/** What the user of a text in another encoding can do, as the end of a sentence. */
export interface Remedies {
  /** If it is Latin-1. */
  latin1: string;
  /** If it is UTF-16 without a byte-order mark. */
  utf16?: string;
}

const SAVE: Remedies = { latin1: "save it as UTF-8" };

/** Where a part of a file stands. */
export interface Part {
  /** Lines before it. */
  before: number;
  /** The encoding by the file's byte-order mark. */
  marked: string;
}

/**
 * The text of a file, as {@linkcode readTaskFile} reads it.
 * @param encoding its encoding, where that is known: a label of the Encoding Standard
 * @param remedies what its user can do if it is in another encoding
 * @param part where the bytes stand, if they are whole lines of the file; left out: they are the file
 * @throws {Error} if it is in another encoding, or if it holds replacement characters or NUL
 */
export function decodeText(
  bytes: Uint8Array,
  path: string,
  encoding?: string,
  remedies: Remedies = SAVE,
  part: Part = { before: 0, marked: encodingOf(bytes) },
): string {
  const text = decode(bytes, path, encoding, remedies, part);
  const damaged = text.search(/[\uFFFD\0]/);
  if (damaged >= 0) {
    const what = text[damaged] === "\0"
      ? `a NUL character${remedies.utf16 ? `; if it is UTF-16 without a byte-order mark, ${remedies.utf16}` : ""}`
      : "U+FFFD, which stands for a letter that was lost";
    throw new Error(`Cannot use ${path}: it must be text, line ${part.before + lineAt(text, damaged)} holds ${what}`);
  }
  return part.before > 0 || text.includes("\n")
    ? text.replace(/\r\n/g, "\n").replace(/\r/g, " ")
    : text.replace(/\r/g, "\n");
}

/** Line of a text at an index, from 1. */
function lineAt(text: string, index: number): number {
  return text.slice(0, index).split(/\r\n|\r|\n/).length;
}

function decode(
  bytes: Uint8Array,
  path: string,
  stated: string | undefined,
  { latin1, utf16 }: Remedies,
  { before, marked }: Part,
): string {
  const encoding = stated ?? marked;
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: before > 0 }).decode(bytes);
  } catch {
    if (encoding !== "utf-8") {
      const why = stated === undefined ? "UTF-16 as its first two bytes say" : `in the encoding ${encoding}`;
      throw new Error(`Cannot use ${path}: it must be ${why}, it is not`);
    }
    const [line, byte] = firstWrongByte(bytes);
    throw new Error(
      `Cannot use ${path}: it must be UTF-8, line ${before + line} holds the byte 0x${
        byte.toString(16).toUpperCase()
      }; ` +
        (utf16 && bytes.includes(0)
          ? `if it is UTF-16 without a byte-order mark, ${utf16}`
          : `if it is Latin-1 or Windows-1252, ${latin1}`),
    );
  }
}

/** The encoding by a file's byte-order mark. */
export function encodingOf([first, second]: Uint8Array): string {
  return first === 0xff && second === 0xfe ? "utf-16le" : first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
}

/** The first byte of a line that is not UTF-8, outside of ASCII, with the line's number from 1. */
function firstWrongByte(bytes: Uint8Array): [line: number, byte: number] {
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const end = bytes.indexOf(0x0a, start);
    const part = bytes.subarray(start, end < 0 ? bytes.length : end);
    // Only the first wrong line is decoded with replacements.
    const shown = new TextDecoder().decode(part);
    if (shown.includes("\uFFFD")) {
      const good = new TextEncoder().encode(shown.slice(0, shown.indexOf("\uFFFD"))).length;
      return [line, part[good]];
    }
    if (end < 0) break;
    start = end + 1;
  }
  return [line, bytes[bytes.length - 1]];
}

/** A row of a file, and the line on which it begins. */
export interface FileRow {
  /** Line, from 1. */
  line: number;
  /** The values. */
  values: string[];
}

/**
 * Reads the rows of a file of tab-separated values without quoting; the header is left out.
 * @param header names of the columns that the file must have
 * @throws {Error} if the file is missing or has changed, or if its header or the number of values in a row is wrong
 */
export async function readTsv(taskFiles: TaskFiles, name: string, header: string[]): Promise<FileRow[]> {
  const { folder } = taskFiles;
  const lines = (await readTaskFile(taskFiles, name)).replace(/\n$/, "").split("\n");
  if (lines[0] !== header.join("\t")) {
    throw new Error(
      `Cannot use ${join(folder, name)}: its first line must be ${header.join(", ")} with tabs between, ` +
        `current value is ${shorten(lines[0])}`,
    );
  }
  return lines.slice(1).map((row, index) => {
    const values = row.split("\t");
    const line = index + 2;
    if (values.length === header.length) return { line, values };
    throw new Error(
      `Cannot use ${join(folder, name)}: line ${line} must have ${header.length} parts, ` +
        `current value is ${values.length}`,
    );
  });
}

/**
 * Makes sure that a table has the columns.
 * @throws {Error} the first that is missing, with the nearest name
 */
export function requireColumns(path: string, columns: readonly string[], found: readonly string[]): void {
  const missing = columns.find((column) => !found.includes(column));
  if (missing === undefined) return;
  const hint = found.length === 0 ? "it has none" : suggestion(missing, found.map((name) => shorten(name)));
  throw new Error(`Cannot use ${path}: it must have the column ${shorten(missing)}, ${hint}`);
}

/**
 * Makes sure that the texts of a row can be used.
 * @throws {Error} if one is empty or too long
 */
export function requireTexts(path: string, texts: readonly string[], line: number): void {
  for (const text of texts) {
    if (text.trim() === "") throw new Error(`Cannot use ${path}: a text must not be empty, line ${line}`);
    if (text.length <= LONGEST_TEXT) continue;
    throw new Error(
      `Cannot use ${path}: a text must have at most ${LONGEST_TEXT} characters, ` +
        `current value is ${text.length}, line ${line}`,
    );
  }
}

/**
 * Makes sure that a split of labelled texts from a file can be learnt from.
 * @param lines line of each example, from 1
 * @throws {Error} if a text is empty or too long, two examples have one id, or all have one label
 */
export function requireUsable(path: string, examples: readonly Example[], lines: readonly number[]): void {
  const seen = new Set<string>();
  examples.forEach(({ id, text, pair }, index) => {
    requireTexts(path, pair === undefined ? [text] : [text, pair], lines[index]);
    if (seen.has(id)) {
      throw new Error(
        `Cannot use ${path}: an index must occur once, ${shorten(id)} occurs again, line ${lines[index]}`,
      );
    }
    seen.add(id);
  });
  const labels = new Set(examples.map(({ label }) => label));
  if (labels.size < 2) {
    throw new Error(`Cannot use ${path}: it must hold examples of two classes, current number is ${labels.size}`);
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
