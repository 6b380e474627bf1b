/**
 * Labels of described tasks: texts, numbers or booleans, wherever they come from.
 * @module
 */
import { counted, shorten } from "../../base/errors.ts";
import { MOST_LABELS } from "./description.ts";

/**
 * A label as text, the same from every kind of file: programs write true and True, and 1 as 1.0 where a column has gaps.
 * @param value as the file or the description has it
 */
export function labelText(value: string | number | boolean): string {
  const text = String(value).trim();
  if (/^(true|false)$/i.test(text)) return text.toLowerCase();
  return text.replace(/^(-?\d+)\.0+$/, "$1");
}

function isNumber(label: string): boolean {
  return label !== "" && Number.isFinite(Number(label));
}

/** The labels that occur, in order: numbers by their value, then the others by text. */
function inOrder(labels: Iterable<string>): string[] {
  return [...new Set(labels)].sort((a, b) => {
    if (isNumber(a) !== isNumber(b)) return isNumber(a) ? -1 : 1;
    return (isNumber(a) ? Number(a) - Number(b) : 0) || (a < b ? -1 : a > b ? 1 : 0);
  });
}

/**
 * The labels that occur in a column, in order.
 * @param values those that occur
 * @param occurrences how many there are, with repetitions
 * @throws {Error} if there are fewer than two, or so many that it can be no column of labels
 */
export function labelsIn(values: readonly string[], occurrences: number, path: string, column: string): string[] {
  const labels = inOrder(values);
  const most = Math.min(MOST_LABELS, Math.floor(occurrences / 2));
  if (labels.length < 2) {
    throw new Error(
      `Cannot use ${path}: the column ${shorten(column)} must hold two different labels, all are ${shorten(labels[0])}`,
    );
  }
  if (labels.length <= most) return labels;
  throw new Error(
    `Cannot use ${path}: the column ${shorten(column)} must hold at most ${most} different labels in ` +
      `${counted(occurrences, "row")}, current value is ${labels.length}; "labels" in a description names them` +
      (labels.every(isNumber) ? ', and "kind": "regression" reads them as numbers' : ""),
  );
}
