/**
 * GGUF files (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md): the letters GGUF, a version, two counts, the
 * metadata (keys and typed values), a table of tensors, and the tensors' bytes, each beginning at a multiple of the alignment.
 *
 * The header is not read by `@huggingface/gguf`, because that package reads bytes beyond the end of a file as zeros, so that
 * a truncated file passes for a whole one with other values, and because a file of 24 bytes that claims ten million tensors
 * keeps it busy for seconds.
 * @module
 */
import { shorten } from "../../base/errors.ts";
import { openFile } from "../../base/files.ts";
import { sizeOf } from "../../base/shapes.ts";
import { type BlockType, blockTypes, typeName } from "./types.ts";

/** A value of the metadata. 64-bit integers become numbers, exact up to 2⁵³. The entries of an array have one type. */
export type GgufValue = number | boolean | string | readonly (number | boolean | string)[];

/** A tensor of the file. */
export interface GgufTensor {
  /** Type of its blocks. */
  type: BlockType;
  /** Sizes of its axes, the innermost last. */
  shape: readonly number[];
  /** Position of its first byte in the file. */
  offset: number;
}

/** The header: everything before the tensors' bytes. */
export interface GgufHeader {
  /** The file. */
  path: string;
  /** Values by key. */
  metadata: Readonly<Record<string, GgufValue>>;
  /** Tensors by name. */
  tensors: Readonly<Record<string, GgufTensor>>;
}

/** Bytes of the longest header that is read; several hundred thousand tokens with merges take about ten million. */
const LONGEST_HEADER = 1 << 26;
/** Bytes of the longest string. */
const LONGEST_STRING = 1 << 20;
/** Most entries of all arrays together. */
const MOST_ENTRIES = 1 << 21;
/** Most keys, and most tensors. */
const MOST_ITEMS = 1 << 16;
/** Most axes of a tensor, as in ggml. */
const MOST_AXES = 4;
const DEFAULT_ALIGNMENT = 32;
const LARGEST_ALIGNMENT = 1 << 20;
/** Bytes that are read at a time. */
const CHUNK = 1 << 18;

/** Reads a header from its first byte to its last. */
class Cursor {
  /** Bytes of the file from `start` on. */
  #bytes = new Uint8Array(0);
  #view = new DataView(this.#bytes.buffer);
  #start = 0;
  /** Position in the file of the next byte. */
  at = 0;
  #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #entries = 0;

  constructor(readonly path: string, readonly file: Deno.FsFile, readonly size: number) {}

  fail(rule: string): never {
    throw new Error(`Cannot read ${this.path}: ${rule}`);
  }

  /** Takes the next `count` bytes, which are read from the file if necessary. Returns their position in `#bytes`. */
  #take(count: number): number {
    const end = this.at + count;
    if (end > this.size) this.fail(`its header claims more bytes than the file's ${this.size}`);
    if (end > LONGEST_HEADER) this.fail(`its header must have at most ${LONGEST_HEADER} bytes, it has more`);
    if (end > this.#start + this.#bytes.length) {
      this.#bytes = new Uint8Array(Math.min(Math.max(count, CHUNK), this.size - this.at));
      this.#view = new DataView(this.#bytes.buffer);
      this.#start = this.at;
      readAt(this.path, this.file, this.at, this.#bytes);
    }
    const place = this.at - this.#start;
    this.at = end;
    return place;
  }

  magic(): string {
    return String.fromCharCode(...[0, 1, 2, 3].map(() => this.#scalars[0]() as number));
  }

  u32(): number {
    return this.#scalars[4]() as number;
  }

  u64(): number {
    return this.#scalars[10]() as number;
  }

  string(): string {
    const length = this.u64();
    if (length > LONGEST_STRING) {
      this.fail(`a string must have at most ${LONGEST_STRING} bytes, current value is ${length}`);
    }
    const place = this.#take(length);
    try {
      return this.#decoder.decode(this.#bytes.subarray(place, place + length));
    } catch {
      this.fail("its strings must be UTF-8, one is not");
    }
  }

  /** Readers of values by the number of their type, arrays excepted. */
  readonly #scalars: Readonly<Record<number, () => number | boolean | string>> = {
    0: this.#number(1, (place) => this.#view.getUint8(place)),
    1: this.#number(1, (place) => this.#view.getInt8(place)),
    2: this.#number(2, (place) => this.#view.getUint16(place, true)),
    3: this.#number(2, (place) => this.#view.getInt16(place, true)),
    4: this.#number(4, (place) => this.#view.getUint32(place, true)),
    5: this.#number(4, (place) => this.#view.getInt32(place, true)),
    6: this.#number(4, (place) => this.#view.getFloat32(place, true)),
    7: this.#number(1, (place) => this.#view.getUint8(place) !== 0),
    8: () => this.string(),
    10: this.#number(8, (place) => Number(this.#view.getBigUint64(place, true))),
    11: this.#number(8, (place) => Number(this.#view.getBigInt64(place, true))),
    12: this.#number(8, (place) => this.#view.getFloat64(place, true)),
  };

  #number<T>(bytes: number, read: (place: number) => T): () => T {
    return () => read(this.#take(bytes));
  }

  #scalar(type: number, key: string): () => number | boolean | string {
    return this.#scalars[type] ??
      this.fail(`values must be of a known type, ${shorten(key)} is of the type number ${type}`);
  }

  value(key: string): GgufValue {
    const type = this.u32();
    if (type !== 9) return this.#scalar(type, key)();
    const read = this.#scalar(this.u32(), key);
    const count = this.u64();
    this.#entries += count;
    if (this.#entries > MOST_ENTRIES) {
      this.fail(`its arrays must have at most ${MOST_ENTRIES} entries, ${shorten(key)} has ${count}`);
    }
    const values = [];
    for (let i = 0; i < count; i++) values.push(read());
    return values;
  }
}

/** Reads bytes from a position in a file. @throws {Error} if the file ends before `bytes` is full */
export function readAt(path: string, file: Deno.FsFile, offset: number, bytes: Uint8Array): void {
  file.seekSync(offset, Deno.SeekMode.Start);
  for (let done = 0; done < bytes.length;) {
    const count = file.readSync(bytes.subarray(done));
    if (count === null) throw new Error(`Cannot read ${path}: it must have more than ${offset + done} bytes`);
    done += count;
  }
}

/** Adds an item under its name. @throws {Error} if the name is used already */
function add<T>(cursor: Cursor, items: Map<string, T>, what: string, name: string, item: T): void {
  if (items.has(name)) cursor.fail(`each ${what} must have a name of its own, two are ${shorten(name)}`);
  items.set(name, item);
}

/** Reads an entry of the table. Its offset counts from the first byte of all tensors. */
function readTensor(cursor: Cursor, name: string): GgufTensor {
  const fail = (rule: string): never => cursor.fail(`tensor ${shorten(name)} must ${rule}`);
  const axes = cursor.u32();
  if (axes < 1 || axes > MOST_AXES) fail(`have 1 to ${MOST_AXES} axes, current value is ${axes}`);
  // The innermost axis comes first.
  const shape = Array.from({ length: axes }, () => cursor.u64()).reverse();
  const number = cursor.u32();
  const offset = cursor.u64();
  const type = blockTypes[number] ??
    fail(
      `be of one of the types ${Object.values(blockTypes).map((type) => type.name).join(", ")}, ` +
        `current value is ${typeName(number)}`,
    );
  if (shape.some((size) => size < 1) || !Number.isSafeInteger(4 * sizeOf(shape))) {
    fail(`have sizes from 1 on that can be counted out, current value is [${shape}]`);
  }
  if (shape.at(-1)! % type.values !== 0) {
    fail(`have rows of whole ${type.name} blocks, multiples of ${type.values}, current value is ${shape.at(-1)}`);
  }
  return { type, shape, offset };
}

/** Bytes of a row, the innermost axis. */
export function rowBytes({ type, shape }: GgufTensor): number {
  return shape.at(-1)! / type.values * type.bytes;
}

/** Bytes of a tensor. */
function tensorBytes(tensor: GgufTensor): number {
  return sizeOf(tensor.shape.slice(0, -1)) * rowBytes(tensor);
}

/** @throws {Error} if tensors overlap, end beyond the file, or do not begin at a multiple of the alignment */
function checkOffsets(cursor: Cursor, tensors: [string, GgufTensor][], alignment: number): void {
  let [last, end] = ["", 0];
  for (const [name, tensor] of tensors.toSorted(([, a], [, b]) => a.offset - b.offset)) {
    if (tensor.offset % alignment !== 0) {
      cursor.fail(`tensor ${shorten(name)} must begin at a multiple of ${alignment} bytes`);
    }
    if (tensor.offset < end) cursor.fail(`tensors ${shorten(last)} and ${shorten(name)} must not overlap`);
    [last, end] = [name, tensor.offset + tensorBytes(tensor)];
    if (end > cursor.size) {
      cursor.fail(`tensor ${shorten(name)} must end inside the file's ${cursor.size} bytes, current value is ${end}`);
    }
  }
}

function alignmentOf(cursor: Cursor, value: GgufValue): number {
  if (typeof value === "number" && value >= 1 && value <= LARGEST_ALIGNMENT && Number.isInteger(Math.log2(value))) {
    return value;
  }
  return cursor.fail(`general.alignment must be a power of two, current value is ${shorten(String(value))}`);
}

/**
 * Reads a file's header. The memory that this takes depends on the file's true size, not on the sizes that it claims.
 * @throws {Error} one sentence, if the file is no GGUF file of version 2 or 3, is truncated, has a tensor of a type that is
 * not supported, or has tensors that overlap or end beyond it
 */
export async function readGgufHeader(path: string): Promise<GgufHeader> {
  const { file: opened, size } = await openFile(path);
  using file = opened;
  const cursor = new Cursor(path, file, size);
  if (cursor.magic() !== "GGUF") cursor.fail("a GGUF file must begin with the letters GGUF");
  const version = cursor.u32();
  if (version % (1 << 16) === 0) cursor.fail("a GGUF file must have its lowest bytes first, this has the highest");
  if (version !== 2 && version !== 3) cursor.fail(`its GGUF version must be 2 or 3, current value is ${version}`);
  const counts = { tensors: cursor.u64(), keys: cursor.u64() };
  for (const [what, count] of Object.entries(counts)) {
    if (count > MOST_ITEMS) cursor.fail(`it must have at most ${MOST_ITEMS} ${what}, current value is ${count}`);
  }
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < counts.keys; i++) {
    const key = cursor.string();
    add(cursor, metadata, "key", key, cursor.value(key));
  }
  const table = new Map<string, GgufTensor>();
  for (let i = 0; i < counts.tensors; i++) {
    const name = cursor.string();
    add(cursor, table, "tensor", name, readTensor(cursor, name));
  }
  const alignment = alignmentOf(cursor, metadata.get("general.alignment") ?? DEFAULT_ALIGNMENT);
  const start = Math.ceil(cursor.at / alignment) * alignment;
  const tensors = [...table].map(([name, tensor]): [string, GgufTensor] => [
    name,
    { ...tensor, offset: start + tensor.offset },
  ]);
  checkOffsets(cursor, tensors, alignment);
  return { path, metadata: Object.fromEntries(metadata), tensors: Object.fromEntries(tensors) };
}
