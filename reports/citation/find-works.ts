/**
 * From a citation in one line, as records and tables have it, to the works that it names.
 * @module
 */
import { plain } from "./plain-text.ts";
import type { Author, Work } from "./work.ts";
import { methodWorks } from "./works/methods.ts";
import { modelWorks } from "./works/models.ts";
import { taskWorks } from "./works/tasks.ts";

const known: readonly Work[] = [...methodWorks, ...modelWorks, ...taskWorks];

/** "Hu et al. (2021), LoRA, https://arxiv.org/abs/2106.09685": authors, year, and what follows. */
const FORM = /^(.+?) \((\d{4})\)[.,:;]? +(.+)$/u;

/**
 * The works that a citation names: "Authors (Year), Title, URL", several separated by semicolons. Known works are found by
 * their address, or by first author, year and title, and come with all that is known of them; others with what the citation says.
 */
export function findWorks(citation: string): Work[] {
  return splitCitation(plain(citation)).map((piece) => {
    const work = readCitation(piece);
    return known.find((candidate) => isSame(candidate, work)) ?? work;
  });
}

/** The works of a citation; a semicolon separates two if both have a year. */
function splitCitation(citation: string): string[] {
  const pieces: string[] = [];
  for (const piece of citation.split(/; +/)) {
    if (pieces.length > 0 && !FORM.test(piece)) pieces[pieces.length - 1] += `; ${piece}`;
    else pieces.push(piece);
  }
  return pieces.filter((piece) => piece !== "");
}

/** A work with what its citation says; the whole citation is its title if it has another form. */
function readCitation(piece: string): Work {
  const [url] = /https?:\/\/[^\s<>"{}|\\^`]+$/.exec(piece) ?? [];
  const rest = (url === undefined ? piece : piece.slice(0, -url.length)).replace(/[\s.,:;]+$/u, "");
  const address = url === undefined ? {} : addressOf(url);
  const [, names, year, title] = FORM.exec(rest) ?? [];
  if (title === undefined) return { kind: "other", title: rest || piece, authors: [], ...address };
  const others = / et al\.?$| and others$/.test(names);
  const authors = names.replace(/ et al\.?$| and others$/, "").split(/, (?:and )?| and /).map(readName);
  return { kind: "other", title, authors, ...others && { others }, year: Number(year), ...address };
}

/** A DOI apart from its address; other addresses as they are. */
function addressOf(url: string): { doi: string } | { url: string } {
  const [, doi] = /^https?:\/\/(?:dx\.)?doi\.org\/(10\..+)$/.exec(url) ?? [];
  return doi === undefined ? { url } : { doi };
}

/** "Edward J. Hu": the last word is the family's name, with a word before it that begins with a small letter. */
function readName(name: string): Author {
  const [, given, family] = /^(.*?\S) ((?:\p{Ll}\S* )*\S+)$/u.exec(name) ?? [];
  return family === undefined ? { family: name } : { family, given };
}

/** Whether a cited work is the known one. */
function isSame(candidate: Work, cited: Work): boolean {
  const { doi, url } = cited;
  if (doi !== undefined) return candidate.doi?.toLowerCase() === doi.toLowerCase();
  if (url !== undefined) return candidate.url !== undefined && withoutScheme(candidate.url) === withoutScheme(url);
  const [first] = candidate.authors;
  const [citedFirst] = cited.authors;
  return "family" in first && citedFirst !== undefined && "family" in citedFirst &&
    first.family === citedFirst.family &&
    candidate.year === cited.year &&
    (candidate.title.startsWith(cited.title) || cited.title.startsWith(candidate.title));
}

/** An address without what may differ in it: http or https, and the version of a text on arXiv. */
function withoutScheme(url: string): string {
  return url.replace(/^https?:\/\/(www\.)?/, "").replace(/^(arxiv\.org\/abs\/[\d.]+)v\d+$/, "$1").replace(/\/$/, "");
}
