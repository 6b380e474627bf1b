/**
 * A work that can be cited.
 * @module
 */

/** An author: a person, or an organisation by its name. */
export type Author = { family: string; given?: string } | { name: string };

/** A work that can be cited: a paper, a book, software, a data set. */
export interface Work {
  /** What it is: of a journal or of an archive such as arXiv, of a conference, or something else. */
  kind: "article" | "conference" | "book" | "software" | "data" | "other";
  /** Its title. */
  title: string;
  /** Its authors, in order; none if they are not known. */
  authors: readonly Author[];
  /** Whether there are more authors than these. Left out: no. */
  others?: true;
  /** Year of publication. */
  year?: number;
  /** The journal, or the proceedings of the conference. */
  container?: string;
  /** Volume of the journal. */
  volume?: string;
  /** Issue of the volume. */
  issue?: string;
  /** First and last page: "1–25". */
  pages?: string;
  /** Who published a book or a manual. */
  publisher?: string;
  /** Its DOI, without an address. */
  doi?: string;
  /** Where it can be read. */
  url?: string;
  /** Its version. */
  version?: string;
  /** Its licence. */
  licence?: string;
}

/** A person's name written "Family, Given", as the tables of works have it. */
export function person(name: string): Author {
  const [family, given] = name.split(", ");
  return { family, ...given !== undefined && { given } };
}

/** Names written "Family, Given", separated by semicolons. */
export function people(names: string): Author[] {
  return names.split("; ").map(person);
}
