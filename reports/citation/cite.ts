/**
 * Citations of the suite and of what results use.
 * @module
 */
import { renderApa, renderWork } from "./apa.ts";
import { type Bibliography, bibliographyOf } from "./bibliography.ts";
import { renderBibtex } from "./bibtex.ts";
import { renderCff } from "./cff.ts";
import { type CitedRun, describeSource, type Source, sourcesOf } from "./sources.ts";
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
export async function cite(records: readonly CitedRun[], format: CitationFormat): Promise<string> {
  return citationFormats[format](bibliographyOf(await readSources(records)));
}

/** The sources of records; without records, of the suite alone. */
export async function readSources(records: readonly CitedRun[]): Promise<Source[]> {
  const suite = await readSuite();
  if (records.length > 0) return sourcesOf(records, suite);
  return [{ role: "suite", name: suite.title, version: suite.version, licence: suite.licence, works: [suite] }];
}

/** Sources in words, each followed by its works in the style of the APA. */
export function inWords(sources: readonly Source[]): [source: string, ...works: string[]][] {
  return sources.map((source) => [describeSource(source), ...source.works.map(renderWork)]);
}
