/**
 * Pieces of Markdown, in the form that `deno fmt` gives them.
 * @module
 */
import { markdownTable } from "markdown-table";

/** A column's title, and on which side its cells stand. */
export type Column = string | readonly [title: string, align: "left" | "right"];

/** A table; a | inside a cell is none of its edges. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const titles = columns.map((column) => typeof column === "string" ? column : column[0]);
  const align = columns.map((column) => typeof column === "string" ? null : column[1]);
  return markdownTable([titles, ...rows.map((row) => [...row])], { align });
}

/** Text in code marks. */
export function code(text: string): string {
  return `\`${text}\``;
}

/** Text in which < begins no tag. */
export function plain(text: string): string {
  return text.replaceAll("<", "&lt;");
}

/** Names in code marks, as a list within a sentence. */
export function codes(names: readonly string[]): string {
  return names.map(code).join(", ");
}

/** A number with its thousands set apart. */
export function count(number: number): string {
  return number.toLocaleString("en-US");
}

/** Citations, separated by semicolons, each as the text of a link where it ends with an address. */
export function linkCitations(text: string): string {
  return text.split("; ").map((citation) => citation.replace(/^(.*?),? (https:\S+)$/, "[$1]($2)")).join("; ");
}
