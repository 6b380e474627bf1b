/**
 * A bibliography: the works of sources, each once.
 * @module
 */
import { canonical } from "../../runs/study/record.ts";
import { describeSource, type Source } from "./sources.ts";
import type { Work } from "./work.ts";

/** A work, and what it is cited for. */
export interface Entry {
  /** Key of the entry, unique in its bibliography: letters and digits of ASCII, and hyphens. */
  key: string;
  /** The work. */
  work: Work;
  /** The sources that it is cited for. */
  uses: Source[];
}

/** A bibliography. */
export interface Bibliography {
  /** The works, in the order of their sources. */
  entries: Entry[];
  /** Sources of which no work is known, in words. */
  without: string[];
}

/** The works of sources, each once with all that it is cited for. */
export function bibliographyOf(sources: readonly Source[]): Bibliography {
  const byWork = new Map<string, { work: Work; uses: Source[] }>();
  for (const source of sources) {
    for (const work of source.works) {
      const id = canonical(work);
      const entry = byWork.get(id) ?? { work, uses: [] };
      entry.uses.push(source);
      byWork.set(id, entry);
    }
  }
  const keys = new Map<string, number>();
  const entries = [...byWork.values()].map(({ work, uses }) => {
    const key = keyOf(work);
    const count = keys.get(key) ?? 0;
    keys.set(key, count + 1);
    return { key: count === 0 ? key : `${key}-${count + 1}`, work, uses };
  });
  return { entries, without: sources.filter(({ works }) => works.length === 0).map(describeSource) };
}

/** "hu2022lora": the first author, the year and the first word of the title that means something. */
function keyOf({ authors, year, title }: Work): string {
  const [first] = authors;
  const name = first === undefined ? "" : "family" in first ? first.family : "";
  const word = words(title).find((word) => word.length > 3 || /\d/.test(word)) ?? words(title)[0] ?? "work";
  return `${words(name).join("")}${year ?? ""}${word}`;
}

/** The words of a text in small letters of ASCII, without accents. */
function words(text: string): string[] {
  const simple = text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  return simple.split(/[^a-z0-9]+/).filter((word) => word !== "").map((word) => word.slice(0, 30));
}
