/**
 * The choices of a row, and which of them are right.
 * @module
 */
import { shorten, suggestion } from "../../../base/errors.ts";
import type { Cell } from "../text/types.ts";

/** A row with choices. */
export interface ChoiceRow {
  /** Its file. */
  path: string;
  /** Where it stands: "line 12". */
  place: string;
  /** The column that lists the choices, or a column for each. */
  columns: string | readonly string[];
  /** The cells of these columns. */
  cells: readonly Cell[];
  /** What is right: a label, or texts that are choices. */
  right: { label: string } | { texts: readonly string[] };
  /** The labels of the choices, in their order; none: these are numbers from 0. */
  labels: readonly string[];
}

/** The choices of a row, each once, and the places of the right ones among them as text. */
export interface RowChoices {
  /** The choices. */
  choices: string[];
  /** The places, in ascending order. */
  right: string[];
}

/**
 * Reads the choices of a row.
 * @throws {Error} if the cell of a single column is no list, no choice is right, or the label is none of a choice
 */
export function choicesOf(row: ChoiceRow): RowChoices {
  const { columns, cells, right } = row;
  if (typeof columns === "string" && typeof cells[0] === "string") {
    throw new Error(
      `Cannot use ${row.path}: ${shorten(columns)} must hold lists of choices, current value is ${
        shorten(cells[0])
      } in ` +
        `${row.place}; a list of columns in columns.choices has a choice in each`,
    );
  }
  const given = cells.flatMap((cell) => cell ?? []).map((choice) => choice.trim());
  // Where two are equal, whichever is chosen says the same.
  const choices = [...new Set(given)];
  const places = "label" in right
    ? [choices.indexOf(given[placeOf(row, given.length, right.label)])]
    : rightTexts(row, choices, right.texts);
  return { choices, right: [...new Set(places)].sort((a, b) => a - b).map(String) };
}

/** The place that a label names. */
function placeOf({ path, place, labels }: ChoiceRow, count: number, label: string): number {
  const isNamed = labels.length > 0;
  const at = isNamed ? labels.indexOf(label) : /^\d+$/.test(label) ? Number(label) : -1;
  if (at >= 0 && at < count) return at;
  const rule = isNamed
    ? `must be that of one of its ${count} choices`
    : `must be the number of one of its ${count} choices, from 0`;
  throw new Error(
    `Cannot use ${path}: the label ${rule}, current value is ${shorten(label)} in ${place}` +
      (isNamed && at < 0 ? `, ${suggestion(label, labels)}` : ""),
  );
}

/** The places of the choices that are answers; other answers are no choices, and nothing can be said of them. */
function rightTexts({ path, place }: ChoiceRow, choices: readonly string[], answers: readonly string[]): number[] {
  const right = answers.map((answer) => choices.indexOf(answer.trim())).filter((at) => at >= 0);
  if (right.length > 0) return right;
  const [answer] = answers;
  throw new Error(
    `Cannot use ${path}: an answer must be one of the choices of its row, current value is ${
      shorten(answer)
    } in ${place}, ${suggestion(answer, choices)}`,
  );
}
