/**
 * A bibliography in the style of the American Psychological Association (7th edition), as plain text.
 * @module
 */
import type { Bibliography } from "./bibliography.ts";
import { plain } from "./plain-text.ts";
import type { Author, Work } from "./work.ts";

/** Most authors that are named; of more, the first 19 and the last one are. */
const MOST_AUTHORS = 20;

/** The bibliography as lines in the order of the alphabet, each a work; then the sources without a work. */
export function renderApa({ entries, without }: Bibliography): string {
  const lines = [...new Set(entries.map(({ work }) => renderWork(work)))].sort(compare);
  const missing = without.map((source) => `Nothing to cite is known of ${source}.`);
  return [...lines, ...missing].join("\n\n") + "\n";
}

/** The order of texts without regard to case and accents, the same on every machine. */
function compare(a: string, b: string): number {
  const simple = (text: string) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  return simple(a) < simple(b) ? -1 : 1;
}

/** A work in one line. */
export function renderWork(work: Work): string {
  const { title, year, container, volume, issue, pages, publisher, doi, url, version, licence, kind } = work;
  const remarks = [
    ...version === undefined ? [] : [`Version ${version}`],
    ...licence === undefined ? [] : [`licence ${licence}`],
  ].join("; ");
  const bracket = kind === "software" ? " [Computer software]" : kind === "data" ? " [Data set]" : "";
  const number = volume === undefined ? "" : `, ${volume}${issue === undefined ? "" : `(${issue})`}`;
  const place = container === undefined
    ? ""
    : `${kind === "conference" ? "In " : ""}${container}${number}${pages === undefined ? "" : `, ${pages}`}`;
  const date = `(${year ?? "n.d."}).`;
  const head = `${title}${remarks === "" ? "" : ` (${remarks})`}${bracket}`;
  const names = renderAuthors(work);
  const address = doi === undefined ? url : `https://doi.org/${doi}`;
  const parts = [
    // Without an author the title comes first.
    ...names === "" ? [sentence(head), date] : [sentence(names), date, sentence(head)],
    ...place === "" ? [] : [sentence(place)],
    ...publisher === undefined ? [] : [sentence(publisher)],
    ...address === undefined ? [] : [address],
  ];
  return plain(parts.join(" "));
}

function sentence(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`;
}

/** "Hu, E. J., & Shen, Y."; "Yang, A., et al." if not all are known. */
function renderAuthors({ authors, others }: Work): string {
  const names = authors.map(renderAuthor);
  if (others) return `${names.join(", ")}, et al.`;
  if (names.length > MOST_AUTHORS) return `${names.slice(0, MOST_AUTHORS - 1).join(", ")}, … ${names.at(-1)}`;
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")}, & ${names.at(-1)}`;
}

/** The family's name and the initials; initials joined by hyphens stay so: "Wei-Jing" → "W.-J.". */
function renderAuthor(author: Author): string {
  if ("name" in author) return author.name;
  const { family, given } = author;
  if (given === undefined) return family;
  const initial = (name: string) => name.split("-").filter((part) => part !== "").map((part) => `${[...part][0]}.`);
  return `${family}, ${given.split(" ").map((name) => initial(name).join("-")).join(" ")}`;
}
