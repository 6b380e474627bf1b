/**
 * The examples of described tasks.
 * @module
 */
import type { TextInput } from "../types.ts";
import type { RightAnswer } from "./right-answers.ts";
import type { Rows } from "./rows/rows.ts";

/** An example of a described task. */
export type DescribedExample = TextInput & RightAnswer;

/** The example of a row. @param texts its text, the second one of a pair, or an empty one where there are choices, and these */
export function exampleOf(
  rows: Rows,
  row: number,
  [text, pair, ...choices]: readonly string[],
  right: RightAnswer,
): DescribedExample {
  const group = rows.groupOf(row);
  return {
    id: rows.idOf(row),
    text,
    ...pair && { pair },
    ...right.right && { choices },
    ...group !== undefined && { group },
    ...right,
  };
}

/** The example of a row among so many that not all texts are kept: what it is asked for is read from the columns. */
export class OutlinedExample implements DescribedExample {
  readonly #rows: Rows;
  readonly #row: number;
  readonly #right: RightAnswer;

  /** The example of a row. @param right its right answer, which is shared with other examples */
  constructor(rows: Rows, row: number, right: RightAnswer) {
    this.#rows = rows;
    this.#row = row;
    this.#right = right;
  }

  /** Part and number of the row. */
  get id(): string {
    return this.#rows.idOf(this.#row);
  }

  /** The text, if it was kept; else empty. */
  get text(): string {
    return this.#rows.textsOf(this.#row)?.[0] ?? "";
  }

  /** The second text of a pair, if it was kept. */
  get pair(): string | undefined {
    return this.#rows.textsOf(this.#row)?.[1] || undefined;
  }

  /** The choices, if they were kept. */
  get choices(): readonly string[] | undefined {
    return this.#right.right && this.#rows.textsOf(this.#row)?.slice(2);
  }

  /** What it has in common with others. */
  get group(): string | undefined {
    return this.#rows.groupOf(this.#row);
  }

  /** Stands for its texts. */
  get hash(): string {
    return this.#rows.hashOf(this.#row);
  }

  /** Index of the class. */
  get label(): number | undefined {
    return this.#right.label;
  }

  /** The number. */
  get target(): number | undefined {
    return this.#right.target;
  }

  /** Indices of the labels. */
  get labels(): readonly number[] | undefined {
    return this.#right.labels;
  }

  /** Places of the right choices. */
  get right(): readonly number[] | undefined {
    return this.#right.right;
  }

  /** Texts that would be right. */
  get references(): readonly string[] | undefined {
    return this.#right.references;
  }

  /** The number of its row in the files of the data. */
  get number(): number {
    return this.#rows.numberOf(this.#row);
  }

  /** The example with texts. */
  withTexts(texts: readonly string[]): DescribedExample {
    return exampleOf(this.#rows, this.#row, texts, this.#right);
  }
}
