/**
 * Writes small GGUF files, valid and invalid ones.
 * @module
 */
import { sizeOf } from "../../../base/shapes.ts";
import type { GgufValue } from "../../../models/gguf/file.ts";

/** A tensor of a file. */
export interface GgufTensorFile {
  /** Number of its type: 0 is F32. */
  type: number;
  /** Sizes of its axes, the innermost last. */
  shape: readonly number[];
  bytes: Uint8Array;
  /** Offset that the table claims; absent: the true one. */
  offset?: number;
}

export interface GgufFile {
  metadata: Record<string, GgufValue>;
  tensors: Record<string, GgufTensorFile>;
}

/** A number in the file that readers depend on: a count, a length, a type, a size or an offset. */
export interface Field {
  at: number;
  bytes: 4 | 8;
}

const DEFAULT_ALIGNMENT = 32;
const BOOL = 7, STRING = 8, ARRAY = 9;

/** Integers become i32, other numbers f32. */
function typeOf(value: number | boolean | string): number {
  if (typeof value === "string") return STRING;
  if (typeof value === "boolean") return BOOL;
  return Number.isInteger(value) ? 5 : 6;
}

/** Writes the parts of a file one after the other. */
class Writer {
  readonly #parts: Uint8Array[] = [];
  /** Where the numbers of the file lie. */
  readonly fields: Field[] = [];
  #at = 0;

  add(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.#at += bytes.length;
  }

  number(bytes: 4 | 8, value: number): void {
    this.fields.push({ at: this.#at, bytes });
    this.add(
      new Uint8Array(bytes === 4 ? new Uint32Array([value]).buffer : new BigUint64Array([BigInt(value)]).buffer),
    );
  }

  string(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.number(8, bytes.length);
    this.add(bytes);
  }

  scalar(value: number | boolean | string): void {
    if (typeof value === "string") this.string(value);
    else if (typeof value === "boolean") this.add(new Uint8Array([Number(value)]));
    else if (typeOf(value) === 5) this.add(new Uint8Array(new Int32Array([value]).buffer));
    else this.add(new Uint8Array(new Float32Array([value]).buffer));
  }

  value(value: GgufValue): void {
    if (!Array.isArray(value)) {
      this.number(4, typeOf(value as number | boolean | string));
      this.scalar(value as number | boolean | string);
      return;
    }
    this.number(4, ARRAY);
    // All numbers have one type: they are floats if one of them is.
    const types = value.map(typeOf);
    this.number(4, types.includes(6) ? 6 : types[0] ?? STRING);
    this.number(8, value.length);
    if (types.includes(6)) value.forEach((each) => this.add(new Uint8Array(new Float32Array([each]).buffer)));
    else value.forEach((each) => this.scalar(each));
  }

  /** Fills up to a multiple of the alignment. */
  pad(alignment: number): void {
    this.add(new Uint8Array(-this.#at & (alignment - 1)));
  }

  bytes(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.#at);
    let to = 0;
    for (const part of this.#parts) {
      bytes.set(part, to);
      to += part.length;
    }
    return bytes;
  }
}

/** The file's bytes, and where its numbers lie. */
export function writeGguf({ metadata, tensors }: GgufFile): { bytes: Uint8Array<ArrayBuffer>; fields: Field[] } {
  // If the metadata ask for an alignment that is not valid, the tensors lie as they do by default.
  const alignment = metadata["general.alignment"] === 8 ? 8 : DEFAULT_ALIGNMENT;
  const writer = new Writer();
  writer.add(new TextEncoder().encode("GGUF"));
  writer.number(4, 3);
  writer.number(8, Object.keys(tensors).length);
  writer.number(8, Object.keys(metadata).length);
  for (const [key, value] of Object.entries(metadata)) {
    writer.string(key);
    writer.value(value);
  }
  let offset = 0;
  for (const [name, tensor] of Object.entries(tensors)) {
    writer.string(name);
    writer.number(4, tensor.shape.length);
    for (const size of tensor.shape.toReversed()) writer.number(8, size);
    writer.number(4, tensor.type);
    writer.number(8, tensor.offset ?? offset);
    offset += Math.ceil(tensor.bytes.length / alignment) * alignment;
  }
  for (const { bytes } of Object.values(tensors)) {
    writer.pad(alignment);
    writer.add(bytes);
  }
  writer.pad(alignment);
  return { bytes: writer.bytes(), fields: writer.fields };
}

/** A float32 tensor; its values count up in steps of 1/64. */
function counted(...shape: number[]): GgufTensorFile {
  const size = sizeOf(shape);
  const values = Float32Array.from({ length: size }, (_, at) => (at % 97 - 48) / 64);
  return { type: 0, shape, bytes: new Uint8Array(values.buffer) };
}

/** A Llama with one layer, two heads, and a byte-level tokenizer of nine tokens and one merge. */
export function tinyLlama(): GgufFile {
  const tokens = ["<s>", "</s>", "a", "b", "c", "d", "Ġ", "ab", "<tool>"];
  return {
    metadata: {
      "general.architecture": "llama",
      "general.name": "tiny",
      "llama.block_count": 1,
      "llama.context_length": 16,
      "llama.embedding_length": 8,
      "llama.feed_forward_length": 6,
      "llama.attention.head_count": 2,
      "llama.attention.head_count_kv": 1,
      "llama.attention.layer_norm_rms_epsilon": 0.00001,
      "llama.rope.dimension_count": 4,
      "tokenizer.ggml.model": "gpt2",
      "tokenizer.ggml.pre": "gpt-2",
      "tokenizer.ggml.tokens": tokens,
      "tokenizer.ggml.token_type": [3, 3, 1, 1, 1, 1, 1, 1, 4],
      "tokenizer.ggml.merges": ["a b"],
      "tokenizer.ggml.bos_token_id": 0,
      "tokenizer.ggml.eos_token_id": 1,
      "tokenizer.ggml.add_bos_token": true,
    },
    tensors: {
      "token_embd.weight": counted(9, 8),
      "blk.0.attn_norm.weight": counted(8),
      "blk.0.attn_q.weight": counted(8, 8),
      "blk.0.attn_k.weight": counted(4, 8),
      "blk.0.attn_v.weight": counted(4, 8),
      "blk.0.attn_output.weight": counted(8, 8),
      "blk.0.ffn_norm.weight": counted(8),
      "blk.0.ffn_gate.weight": counted(6, 8),
      "blk.0.ffn_up.weight": counted(6, 8),
      "blk.0.ffn_down.weight": counted(8, 6),
      "output_norm.weight": counted(8),
    },
  };
}
