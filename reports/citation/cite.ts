/**
 * Citations of the suite and of what results use.
 * @module
 */
import type { RunRecord } from "../../runs/study/record.ts";
import { renderApa } from "./apa.ts";
import { type Bibliography, bibliographyOf } from "./bibliography.ts";
import { renderBibtex } from "./bibtex.ts";
import { renderCff } from "./cff.ts";
import { type Source, sourcesOf } from "./sources.ts";
import { readSuite } from "./suite.ts";

/** Name of a format of citations. */
export type CitationFormat = "bibtex" | "apa" | "cff";

/** Every format by its name; the same bibliography gives the same text. */
export const citationFormats: Record<CitationFormat, (bibliography: Bibliography) => string> = {
  bibtex: renderBibtex,
  apa: renderApa,
  cff: renderCff,
};

/**
 * Citations of the suite and of every model, data set, method, metric and statistic that records use.
 * @param records none: of the suite alone
 */
export async function cite(records: readonly RunRecord[], format: CitationFormat): Promise<string> {
  return citationFormats[format](bibliographyOf(await readSources(records)));
}

/** The sources of records; without records, of the suite alone. */
export async function readSources(records: readonly RunRecord[]): Promise<Source[]> {
  const suite = await readSuite();
  if (records.length > 0) return sourcesOf(records, suite);
  return [{ role: "suite", name: suite.title, version: suite.version, licence: suite.licence, works: [suite] }];
}
