/**
 * Answers of runs, packed for the page: whole numbers of a few bits each, in base64.
 * @module
 */
import type { Answers } from "../../runs/study/predictions/answers.ts";

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

/** Right answers, and what a run answered. */
export interface PackedAnswers {
  /** What the numbers stand for. */
  kind: "classes" | "texts";
  /** Classes; of choices, the place of the first right one; for texts, 1 for each. */
  truth: Packed;
  /** Classes; of choices, the place of the chosen one, or of the first right one if it is right; for texts, 1 where it is one of the references and else 0. */
  predicted: Packed;
}

/**
 * A run's answers as whole numbers; null for numbers, which are none.
 * @param placeOf gives each set of labels a number of its own, as though it were a class
 */
export function packAnswers(answers: Answers, placeOf: (labels: readonly number[]) => number): PackedAnswers | null {
  switch (answers.kind) {
    case "numbers":
      return null;
    case "classes":
      return { kind: "classes", truth: pack(answers.truth), predicted: pack(answers.predicted) };
    case "label sets": {
      const [truth, predicted] = [answers.truth, answers.predicted].map((sets) => pack(sets.map(placeOf)));
      return { kind: "classes", truth, predicted };
    }
    case "choices": {
      const { truth, predicted } = answers;
      const places = predicted.map((place, at) => truth[at].right.includes(place) ? truth[at].right[0] : place);
      return { kind: "classes", truth: pack(truth.map(({ right }) => right[0])), predicted: pack(places) };
    }
    case "texts": {
      const { truth, predicted } = answers;
      const isRight = (text: string, at: number) => truth[at].some((reference) => reference.trim() === text.trim());
      return {
        kind: "texts",
        truth: pack(truth.map(() => 1)),
        predicted: pack(predicted.map((text, at) => Number(isRight(text, at)))),
      };
    }
  }
}
