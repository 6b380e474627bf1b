/**
 * Writes small GGUF files, right and wrong ones.
 * @module
 */
import { sizeOf } from "../../../base/shapes.ts";
import type { GgufValue } from "../../../models/gguf/file.ts";

/** A tensor to be written. */
export interface GgufTensorFile {
  /** Number of its type: 0 is F32. */
  type: number;
  /** Sizes, row-major. */
  shape: readonly number[];
  bytes: Uint8Array;
  /** Where it claims to begin, if not where it does. */
  offset?: number;
}

export interface GgufFile {
  metadata: Record<string, GgufValue>;
  tensors: Record<string, GgufTensorFile>;
}

/** A number in the file that a reader goes by: a count, a length, a type, a size or an offset. */
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

/** The file's bytes, and where its numbers lie. */
export function writeGguf({ metadata, tensors }: GgufFile): { bytes: Uint8Array<ArrayBuffer>; fields: Field[] } {
  // Where the metadata ask for what cannot be, the tensors lie as they do by default.
  const asked = metadata["general.alignment"];
  const alignment = asked === 8 ? asked : DEFAULT_ALIGNMENT;
  const parts: Uint8Array[] = [];
  const fields: Field[] = [];
  let at = 0;
  const add = (bytes: Uint8Array) => {
    parts.push(bytes);
    at += bytes.length;
  };
  const number = (bytes: 4 | 8, value: number) => {
    fields.push({ at, bytes });
    add(new Uint8Array(bytes === 4 ? new Uint32Array([value]).buffer : new BigUint64Array([BigInt(value)]).buffer));
  };
  const string = (text: string) => {
    const bytes = new TextEncoder().encode(text);
    number(8, bytes.length);
    add(bytes);
  };
  const scalar = (value: number | boolean | string) => {
    if (typeof value === "string") string(value);
    else if (typeof value === "boolean") add(new Uint8Array([Number(value)]));
    else if (typeOf(value) === 5) add(new Uint8Array(new Int32Array([value]).buffer));
    else add(new Uint8Array(new Float32Array([value]).buffer));
  };
  add(new TextEncoder().encode("GGUF"));
  number(4, 3);
  number(8, Object.keys(tensors).length);
  number(8, Object.keys(metadata).length);
  for (const [key, value] of Object.entries(metadata)) {
    string(key);
    if (Array.isArray(value)) {
      number(4, ARRAY);
      // Numbers of one type: floats if one is.
      const types = value.map(typeOf);
      number(4, types.includes(6) ? 6 : types[0] ?? STRING);
      number(8, value.length);
      if (types.includes(6)) value.forEach((each) => add(new Uint8Array(new Float32Array([each]).buffer)));
      else value.forEach(scalar);
    } else {
      number(4, typeOf(value as number | boolean | string));
      scalar(value as number | boolean | string);
    }
  }
  let offset = 0;
  for (const [name, tensor] of Object.entries(tensors)) {
    string(name);
    number(4, tensor.shape.length);
    for (const size of tensor.shape.toReversed()) number(8, size);
    number(4, tensor.type);
    number(8, tensor.offset ?? offset);
    offset += Math.ceil(tensor.bytes.length / alignment) * alignment;
  }
  const pad = () => add(new Uint8Array(-at & (alignment - 1)));
  for (const { bytes } of Object.values(tensors)) {
    pad();
    add(bytes);
  }
  pad();
  const bytes = new Uint8Array(at);
  let to = 0;
  for (const part of parts) {
    bytes.set(part, to);
    to += part.length;
  }
  return { bytes, fields };
}

/** A float32 tensor; its values count up in steps of 1/64. */
function counted(...shape: number[]): GgufTensorFile {
  const size = sizeOf(shape);
  const values = Float32Array.from({ length: size }, (_, at) => (at % 97 - 48) / 64);
  return { type: 0, shape, bytes: new Uint8Array(values.buffer) };
}

/** A Llama with one layer, two heads, nine tokens of bytes and none of merges but one. */
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
