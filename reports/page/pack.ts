/**
 * Answers of runs, packed for the page: whole numbers of a few bits each, in base64.
 * @module
 */
import type { Answers } from "../runs/run.ts";

/** Whole numbers in base64. */
export interface Packed {
  /** Bits of each number, the first number in the highest bits. */
  width: number;
  /** The bits, filled up with zeros to whole bytes. */
  bits: string;
}

/** Packs whole numbers from 0 to 65,535; others are taken modulo 65,536. */
export function pack(values: ArrayLike<number>): Packed {
  const numbers = Array.from(values, (value) => value & 0xffff);
  const width = Math.max(1, 32 - Math.clz32(numbers.reduce((most, value) => Math.max(most, value), 0)));
  const bytes = new Uint8Array(Math.ceil(width * numbers.length / 8));
  numbers.forEach((value, index) => {
    for (let bit = 0; bit < width; bit++) {
      const place = index * width + bit;
      if (value >> (width - 1 - bit) & 1) bytes[place >> 3] |= 0x80 >> (place & 7);
    }
  });
  return { width, bits: bytes.toBase64() };
}

/** The right answers of a test set: classes, or for texts, 1 for each. */
export function packTruth({ kind, truth }: Answers): Packed {
  return pack(kind === "classes" ? truth : truth.map(() => 1));
}

/** What a run answered: classes, or for texts, 1 where it is one of the references and else 0. */
export function packPredicted({ kind, truth, predicted }: Answers): Packed {
  if (kind === "classes") return pack(predicted);
  return pack(
    predicted.map((text, index) => Number(truth[index].some((reference) => reference.trim() === text.trim()))),
  );
}
