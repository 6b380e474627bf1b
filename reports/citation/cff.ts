/**
 * A bibliography in the Citation File Format 1.2.0, which is YAML: TuneBench, with the other works as its references.
 * @module
 */
import { stringify } from "yaml";
import type { Bibliography, Entry } from "./bibliography.ts";
import { plain } from "./plain-text.ts";
import { describeSource } from "./sources.ts";
import type { Author, Work } from "./work.ts";

/** Types of references in the format. */
const TYPES: Record<Work["kind"], string> = {
  article: "article",
  conference: "conference-paper",
  book: "book",
  software: "software",
  data: "data",
  other: "generic",
};

/** A DOI as the format allows it. */
const DOI = /^10\.\d{4,9}(\.\d+)?\/[A-Za-z0-9:/_;\-.()[\]\\]+$/;

/** The bibliography as a CITATION.cff. Sources without a work stand in comments at its end. */
export function renderCff({ entries, without }: Bibliography): string {
  const isSuite = ({ work, uses }: Entry) => work.kind === "software" && uses.some(({ role }) => role === "suite");
  const suite = entries.find(isSuite);
  if (suite === undefined) throw new Error("Cannot write CFF: the first source must be the suite, there is none");
  const { title, version, licence } = suite.work;
  const references = entries.filter((entry) => entry !== suite).map(renderReference);
  const document = {
    "cff-version": "1.2.0",
    message: references.length === 0
      ? "If you use TuneBench, please cite it, and what deno task cite names for your results."
      : "If you use these results, please cite TuneBench and the references.",
    type: "software",
    title: plain(title),
    authors: authorsOf(suite.work),
    ...optional("version", version),
    license: licence,
    ...references.length > 0 && { references },
  };
  const text = stringify(document, { defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "PLAIN", lineWidth: 0 });
  return text + without.map((source) => `# Nothing to cite is known of ${source}\n`).join("");
}

function renderReference({ work, uses }: Entry): Record<string, unknown> {
  const { kind, title, container, volume, issue, pages, publisher, year, doi, url, version, licence } = work;
  const [start, end] = pages?.split("–") ?? [];
  const notes = [
    ...licence === undefined ? [] : [`Licence ${licence}`],
    `Cited for: ${uses.map(describeSource).join("; ")}`,
  ];
  return {
    type: TYPES[kind],
    title: plain(title) || "Untitled",
    authors: authorsOf(work),
    ...year !== undefined && { year },
    ...optional(kind === "conference" ? "collection-title" : "journal", container),
    ...optional("volume", volume),
    ...optional("issue", issue),
    ...optional("start", start),
    ...optional("end", end),
    ...publisher !== undefined && { publisher: { name: plain(publisher) } },
    ...doi !== undefined && DOI.test(doi) && { doi },
    ...url !== undefined && /^https?:\/\/.+/.test(url) && { url },
    ...optional("version", version),
    notes: plain(notes.join("; ")),
  };
}

/** A key with its text; the format allows no empty texts. */
function optional(key: string, text: string | undefined): Record<string, string> {
  const shown = text === undefined ? "" : plain(text);
  return shown === "" ? {} : { [key]: shown };
}

/** The format needs an author. */
function authorsOf({ authors, others }: Work): Record<string, string>[] {
  const names = authors.map((author: Author): Record<string, string> =>
    "name" in author
      ? { name: plain(author.name) || "unknown" }
      : { "family-names": plain(author.family) || "unknown", ...author.given && { "given-names": plain(author.given) } }
  );
  if (names.length === 0) return [{ name: "unknown authors" }];
  return others ? [...names, { name: "others" }] : names;
}
