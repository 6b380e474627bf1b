/**
 * Types of tensors in GGUF files: how many values a block has, how many bytes it takes, and how its values are computed. The
 * layouts are those of ggml (https://github.com/ggml-org/ggml). Every value is the float32 nearest to the exact one.
 * @module
 */

/** A type of tensor. */
export interface BlockType {
  /** Its name in ggml: "Q4_K". */
  name: string;
  /** Values of a block; a row has whole blocks. */
  values: number;
  /** Bytes of a block. */
  bytes: number;
  /** Writes the values of whole blocks. */
  dequantise(blocks: Uint8Array<ArrayBuffer>, values: Float32Array): void;
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>): DataView<ArrayBuffer> {
  return new DataView(buffer, byteOffset, byteLength);
}

/** The value of each half-precision number by its bits. A look-up is faster than a conversion. */
const halves = Float32Array.from(new Float16Array(Uint16Array.from({ length: 1 << 16 }, (_, bits) => bits).buffer));

function half(bytes: Uint8Array, at: number): number {
  return halves[bytes[at] | bytes[at + 1] << 8];
}

/** A type that stores each number by itself. */
function plain(name: string, bytes: number, read: (view: DataView, at: number) => number): BlockType {
  return {
    name,
    values: 1,
    bytes,
    dequantise(blocks, values) {
      const view = viewOf(blocks);
      for (let at = 0; at < values.length; at++) values[at] = read(view, at * bytes);
    },
  };
}

/** Values of a block of the older types. */
const BLOCK = 32;

/**
 * Blocks of 32 values scale · q + start. The four lower bits of each q are the last 16 bytes of the block: the lower half of
 * a byte for the first 16 values, its upper half for the others. If q has a fifth bit, the four bytes before hold it, one bit a value.
 */
function small(
  name: string,
  bytes: number,
  bits: 4 | 5,
  startOf: (blocks: Uint8Array, at: number, scale: number) => number,
): BlockType {
  return {
    name,
    values: BLOCK,
    bytes,
    dequantise(blocks, values) {
      const view = viewOf(blocks);
      for (let at = 0, to = 0; at < blocks.length; at += bytes, to += BLOCK) {
        const scale = half(blocks, at);
        const start = startOf(blocks, at, scale);
        const quants = at + bytes - BLOCK / 2;
        const fifth = bits === 5 ? view.getUint32(quants - 4, true) : 0;
        for (let i = 0; i < BLOCK / 2; i++) {
          const both = blocks[quants + i];
          values[to + i] = scale * (both & 15 | (fifth >>> i & 1) << 4) + start;
          values[to + i + BLOCK / 2] = scale * (both >> 4 | (fifth >>> i + BLOCK / 2 & 1) << 4) + start;
        }
      }
    },
  };
}

const q8_0: BlockType = {
  name: "Q8_0",
  values: BLOCK,
  bytes: 34,
  dequantise(blocks, values) {
    const signed = new Int8Array(blocks.buffer, blocks.byteOffset, blocks.length);
    for (let at = 0, to = 0; at < blocks.length; at += 34, to += BLOCK) {
      const scale = half(blocks, at);
      for (let i = 0; i < BLOCK; i++) values[to + i] = scale * signed[at + 2 + i];
    }
  },
};

/** Values of a block of the types whose names end with "_K". */
const SUPER_BLOCK = 256;

/**
 * Blocks of eight groups of 32 values d · scale · q − m · minimum. A block begins with d and m in half precision. Scales and
 * minima of six bits follow; those of the last four groups are partly in the upper bits of the others. If q has a fifth bit,
 * 32 bytes with one bit for each group follow. The four lower bits of each q come last.
 */
function large(name: string, bytes: number, bits: 4 | 5): BlockType {
  return {
    name,
    values: SUPER_BLOCK,
    bytes,
    dequantise(blocks, values) {
      for (let at = 0, to = 0; at < blocks.length; at += bytes, to += SUPER_BLOCK) {
        const [d, m] = [half(blocks, at), half(blocks, at + 2)];
        const fifths = at + 16;
        for (let group = 0; group < 8; group++) {
          const j = at + 4 + group;
          const scale = group < 4 ? blocks[j] & 63 : blocks[j + 4] & 15 | blocks[j - 4] >> 6 << 4;
          const minimum = group < 4 ? blocks[j + 4] & 63 : blocks[j + 4] >> 4 | blocks[j] >> 6 << 4;
          // Two groups share 32 bytes, the first in the lower bits.
          const quants = at + bytes - 128 + (group >> 1) * 32;
          const shift = (group & 1) * 4;
          const [a, b] = [d * scale, m * minimum];
          for (let i = 0; i < 32; i++) {
            const fifth = bits === 5 ? (blocks[fifths + i] >> group & 1) << 4 : 0;
            values[to + group * 32 + i] = a * (blocks[quants + i] >> shift & 15 | fifth) - b;
          }
        }
      }
    },
  };
}

/**
 * Blocks of sixteen groups of 16 values d · scale · (q − 32), with q of six bits. For each half of the block, 64 bytes hold
 * the four lower bits (those of its second 64 values in the upper halves of the bytes), and 32 bytes the two upper bits (two
 * bits for each quarter). Then come the scales, and d in half precision.
 */
const q6K: BlockType = {
  name: "Q6_K",
  values: SUPER_BLOCK,
  bytes: 210,
  dequantise(blocks, values) {
    const signed = new Int8Array(blocks.buffer, blocks.byteOffset, blocks.length);
    for (let at = 0, to = 0; at < blocks.length; at += 210, to += SUPER_BLOCK) {
      const d = half(blocks, at + 208);
      for (let group = 0; group < 16; group++) {
        const scale = d * signed[at + 192 + group];
        const [part, quarter, first] = [group >> 3, group >> 1 & 3, (group & 1) * 16];
        const low = at + part * 64 + (quarter & 1) * 32 + first;
        const high = at + 128 + part * 32 + first;
        const [lowShift, highShift] = [(quarter >> 1) * 4, quarter * 2];
        for (let i = 0; i < 16; i++) {
          const q = blocks[low + i] >> lowShift & 15 | (blocks[high + i] >> highShift & 3) << 4;
          values[to + group * 16 + i] = scale * (q - 32);
        }
      }
    }
  },
};

/** A float32, and the same memory as bits. */
const asFloat = new Float32Array(1);
const asBits = new Uint32Array(asFloat.buffer);

/** The supported types by their number in the file. */
export const blockTypes: Readonly<Record<number, BlockType>> = {
  0: plain("F32", 4, (view, at) => view.getFloat32(at, true)),
  1: plain("F16", 2, (view, at) => halves[view.getUint16(at, true)]),
  2: small("Q4_0", 18, 4, (_, __, scale) => -8 * scale),
  3: small("Q4_1", 20, 4, (blocks, at) => half(blocks, at + 2)),
  6: small("Q5_0", 22, 5, (_, __, scale) => -16 * scale),
  7: small("Q5_1", 24, 5, (blocks, at) => half(blocks, at + 2)),
  8: q8_0,
  12: large("Q4_K", 144, 4),
  13: large("Q5_K", 176, 5),
  14: q6K,
  // The upper half of a float32.
  30: plain("BF16", 2, (view, at) => {
    asBits[0] = view.getUint16(at, true) << 16;
    return asFloat[0];
  }),
};

/** Names of types that are not supported, for messages. */
const OTHERS: Readonly<Record<number, string>> = {
  9: "Q8_1",
  10: "Q2_K",
  11: "Q3_K",
  15: "Q8_K",
  16: "IQ2_XXS",
  17: "IQ2_XS",
  18: "IQ3_XXS",
  19: "IQ1_S",
  20: "IQ4_NL",
  21: "IQ3_S",
  22: "IQ2_S",
  23: "IQ4_XS",
  24: "I8",
  25: "I16",
  26: "I32",
  27: "I64",
  28: "F64",
  29: "IQ1_M",
  34: "TQ1_0",
  35: "TQ2_0",
  39: "MXFP4",
};

/** The name of a type, for messages. */
export function typeName(type: number): string {
  return blockTypes[type]?.name ?? OTHERS[type] ?? `the unknown type ${type}`;
}
