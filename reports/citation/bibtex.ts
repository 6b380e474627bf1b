/**
 * A bibliography in BibTeX, as UTF-8. Entries are of the types that every style knows.
 * @module
 */
import type { Bibliography, Entry } from "./bibliography.ts";
import { plain } from "./plain-text.ts";
import { describeSource } from "./sources.ts";
import type { Author, Work } from "./work.ts";

/** Types of BibTeX. */
const TYPES: Record<Work["kind"], string> = {
  article: "article",
  conference: "inproceedings",
  book: "book",
  software: "misc",
  data: "misc",
  other: "misc",
};

/** Characters that mean something to LaTeX. Braces are written as commands, since BibTeX counts escaped ones, too. */
const COMMANDS: Record<string, string> = {
  "\\": "\\textbackslash{}",
  "{": "\\textbraceleft{}",
  "}": "\\textbraceright{}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  '"': "\\char34{}",
};

/** The bibliography as a .bib file. Sources without a work stand in comments at its end. */
export function renderBibtex({ entries, without }: Bibliography): string {
  const missing = without.map((source) => comment(`Nothing to cite is known of ${source}`));
  return [...entries.map(renderEntry), ...missing.length > 0 ? [missing.join("\n")] : []].join("\n\n") + "\n";
}

function renderEntry({ key, work, uses }: Entry): string {
  const { kind, title, authors, others, year, container, volume, issue, pages, publisher, doi, url } = work;
  const names = [...authors.map(renderAuthor), ...others ? ["others"] : []].join(" and ");
  const licensed = uses.filter(({ licence }) => licence !== undefined).map(describeSource);
  const fields: Record<string, string | undefined> = {
    author: names || undefined,
    // Second braces keep the title's capitals in every style.
    title: `{${escape(title)}}`,
    [kind === "conference" ? "booktitle" : kind === "article" ? "journal" : "howpublished"]: optional(container),
    volume: optional(volume),
    number: optional(issue),
    pages: pages === undefined ? undefined : escape(pages).replaceAll("–", "--"),
    publisher: optional(publisher),
    year: year === undefined ? undefined : String(year),
    doi: doi === undefined ? undefined : encodeAddress(doi),
    url: url === undefined ? undefined : encodeAddress(url),
    note: licensed.length === 0 ? undefined : escape(licensed.join("; ")),
  };
  const lines = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [`  ${name} = {${value}}`]
  );
  return [...uses.map((use) => comment(describeSource(use))), `@${TYPES[kind]}{${key},`, lines.join(",\n"), "}"].join(
    "\n",
  );
}

function optional(text: string | undefined): string | undefined {
  return text === undefined ? undefined : escape(text);
}

/** "Family, Given"; a part that BibTeX would take apart stands in braces. */
function renderAuthor(author: Author): string {
  if ("name" in author) return `{${escape(author.name)}}`;
  const part = (name: string) => /,|\band\b|\bothers\b/iu.test(name) ? `{${escape(name)}}` : escape(name);
  const family = author.given === undefined && author.family.includes(" ")
    ? `{${escape(author.family)}}`
    : part(author.family);
  return author.given === undefined ? family : `${family}, ${part(author.given)}`;
}

/** A text in one line in which no character has a meaning in BibTeX or LaTeX. */
function escape(text: string): string {
  return plain(text).replace(/[\\{}~^"]/g, (character) => COMMANDS[character]).replace(/[%&$#_]/g, "\\$&");
}

/** An address or a DOI: characters that no address has are written as their codes, as styles print addresses as they are. */
function encodeAddress(address: string): string {
  return plain(address).replace(/[^\w\-.~:/?#[\]@!$&'()*+,;=%]/gu, (character) => encodeURIComponent(character));
}

/** A comment: what stands outside of entries, if it has no @. */
function comment(text: string): string {
  return `% ${plain(text).replaceAll("@", " at ")}`;
}
