/**
 * Values of JSON lines and Parquet files as text.
 * @module
 */

/**
 * A value as text, or a list as texts. In a list a part may be a list or a record itself, such as a fact of three parts, or a turn with its speaker: its
 * values are joined by " : ". Null: there is no value. Undefined: it holds something else.
 */
export function cellText(value: unknown): string | string[] | null | undefined {
  if (value === undefined || value === null) return null;
  if (isScalar(value)) return String(value);
  if (!Array.isArray(value)) return undefined;
  const parts = value.map(partText);
  return parts.every((part) => part !== undefined) ? parts : undefined;
}

function partText(value: unknown): string | undefined {
  if (isScalar(value)) return String(value);
  if (value === null || value === undefined) return undefined;
  const parts = Array.isArray(value) ? value.flat() : Object.values(value).flat();
  return parts.every(isScalar) ? parts.join(" : ") : undefined;
}

function isScalar(value: unknown): boolean {
  return value !== null && value !== undefined && (typeof value !== "object" || value instanceof Date);
}
