/**
 * The right answers of described tasks: a class, a number, or labels, by the kind of task.
 * @module
 */
import { shorten, suggestion } from "../../base/errors.ts";
import type { TextInput } from "../types.ts";
import type { DescribedKind, DescribedSpec } from "./description.ts";
import { labelsIn, labelText } from "./labels.ts";
import type { Cell } from "./text/types.ts";

/** The right answer of an example, as tasks of its kind have it. */
export interface RightAnswer {
  /** Index of the class. */
  label?: number;
  /** The number. */
  target?: number;
  /** Indices of the labels, in ascending order. */
  labels?: readonly number[];
  /** Places of the right choices, in ascending order. */
  right?: readonly number[];
  /** Texts that would be right. */
  references?: readonly string[];
}

/** What a row says of its right answer. */
export interface AnswerRow {
  /** The file. */
  path: string;
  /** Where it stands: "line 12". */
  place: string;
  /** Its values as text: the label, the number, each of its labels, or the place of each right choice. */
  values: readonly string[];
}

/** What of a description decides what is right. */
export type AnswerReading =
  & Pick<DescribedSpec, "kind" | "columns" | "separator" | "values">
  & Partial<Pick<DescribedSpec, "labels">>;

/** The columns that say what is right. */
export function answerColumns({ columns: { label, references } }: AnswerReading): string[] {
  return [label ?? references ?? []].flat();
}

/** Whether no label may be what is right, so that an empty cell says something, or one of several columns may have the references. */
export function mayBeEmpty({ kind, columns: { references } }: AnswerReading): boolean {
  return kind === "multi-label" || Array.isArray(references);
}

/**
 * The values of a row's cells.
 * @param cells of {@linkcode answerColumns}
 * @throws {Error} if a cell of a column that stands for a label holds something else than yes or no
 */
export function answerValues(
  reading: AnswerReading,
  cells: readonly Cell[],
  { path, place }: Pick<AnswerRow, "path" | "place">,
): string[] {
  const { kind, columns: { label }, separator } = reading;
  const [cell] = cells;
  if (kind === "generation") {
    return [...new Set(cells.flatMap((cell) => cell ?? []).filter((text) => text.trim() !== ""))];
  }
  if (kind !== "multi-label") return [kind === "regression" ? String(cell).trim() : labelText(String(cell))];
  if (Array.isArray(label)) {
    return label.filter((column, at) => isYes(labelText(String(cells[at])), { column, path, place }));
  }
  const listed = typeof cell === "string" ? separator === undefined ? [cell] : cell.split(separator) : cell ?? [];
  return [...new Set(listed.map(labelText).filter((value) => value !== ""))];
}

function isYes(value: string, { column, path, place }: { column: string; path: string; place: string }): boolean {
  if (["1", "true"].includes(value)) return true;
  if (["0", "false"].includes(value)) return false;
  throw new Error(
    `Cannot use ${path}: ${shorten(column)} must be 1 or 0, true or false, current value is ${
      shorten(value)
    } in ${place}`,
  );
}

/** The values of an answer, and how many rows have it. */
export interface CountedAnswer {
  /** As {@linkcode AnswerRow} has them. */
  values: readonly string[];
  /** Number of rows. */
  count: number;
}

/**
 * The labels of a task, in their order: those that it names, its columns, or those that occur.
 * @param answers of the first split, which is of the file at the path
 * @throws {Error} if they can be no labels, or if no row of several labels has several
 */
export function labelsOfAnswers(reading: AnswerReading, path: string, answers: readonly CountedAnswer[]): string[] {
  const { kind, columns: { label }, labels } = reading;
  if (kind === "multiple choice") return labels ?? [];
  if (label === undefined || kind === "regression") return [];
  if (Array.isArray(label)) return label;
  if (kind === "multi-label" && answers.every(({ values }) => values.length < 2)) {
    throw new Error(
      `Cannot use ${path}: the column ${shorten(label)} must hold several labels in a row, none does; ` +
        '"separator" in a description says what stands between them',
    );
  }
  if (labels) return labels;
  const occurrences = answers.reduce((sum, { values, count }) => sum + values.length * count, 0);
  return labelsIn(answers.flatMap(({ values }) => values), occurrences, path, label);
}

/** The right answer of a row. @throws {Error} if a value is none of the labels, or no number */
export function rightAnswer(reading: AnswerReading, row: AnswerRow, labels: readonly string[]): RightAnswer {
  if (reading.kind === "regression") return { target: numberOf(row) };
  if (reading.kind === "generation") return { references: row.values };
  if (reading.kind === "multiple choice") return { right: row.values.map(Number) };
  const known = reading.values ?? labels;
  const indices = row.values.map((value) => {
    const index = known.indexOf(value);
    if (index >= 0) return index;
    const rule = reading.labels ? "a label must be one of those that are named" : "a label must occur in train, too";
    throw new Error(
      `Cannot use ${row.path}: ${rule}, current value is ${shorten(value)} in ${row.place}, ${
        suggestion(value, known)
      }`,
    );
  });
  return reading.kind === "multi-label" ? { labels: indices.sort((a, b) => a - b) } : { label: indices[0] };
}

function numberOf({ path, place, values: [value] }: AnswerRow): number {
  const number = Number(value);
  if (value !== "" && Number.isFinite(number)) return number;
  throw new Error(`Cannot use ${path}: a label must be a number, current value is ${shorten(value)} in ${place}`);
}

/** Makes sure that the examples of a split differ in what is right. @throws {Error} if all are the same */
export function requireDifferent(
  path: string,
  kind: DescribedKind | undefined,
  answers: readonly RightAnswer[],
  labels: readonly string[],
): void {
  const keys = new Set(answers.map(answerKey));
  if (kind === "generation" || kind === "multiple choice" || keys.size > 1) return;
  const what = kind === "regression" ? "numbers" : kind === "multi-label" ? "sets of labels" : "labels";
  throw new Error(
    `Cannot use ${path}: it must hold examples of two ${what}, all have ${kind === undefined ? "the label " : ""}${
      shorten(answerInWords(answers[0], labels))
    }`,
  );
}

/** Equal for equal answers alone. */
export function answerKey({ label, target, labels, right, references }: RightAnswer): string {
  return references?.join("\n") ?? String(label ?? target ?? labels ?? right);
}

/** An answer as its user writes it: "positive", "3.5", "music, sport", or the right choice. */
export function answerInWords(
  { label, target, labels: set, right, choices = [], references }: RightAnswer & Pick<TextInput, "choices">,
  labels: readonly string[],
): string {
  if (references) return references[0];
  if (right) return right.map((at) => choices[at]).join(" or ");
  if (target !== undefined) return String(target);
  return (set ?? [label!]).map((index) => labels[index]).join(", ") || "none";
}
