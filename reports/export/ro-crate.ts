/**
 * The metadata of an export as an RO-Crate 1.1 by the profile Workflow Run Crate 0.5, which is JSON-LD.
 * @module
 */
import type { RunSummary } from "../../runs/study/record.ts";
import { plain } from "../citation/plain-text.ts";
import type { Source } from "../citation/sources.ts";
import { dateOf } from "./croissant.ts";

/** What is described. */
export interface CrateContent {
  /** The records. */
  records: readonly RunSummary[];
  /** Their sources. */
  sources: readonly Source[];
  /** Paths of all files of the export, but its metadata and its manifest. */
  files: readonly string[];
  /** Paths of the studies that make the runs, the first of which is the main one. */
  studies: readonly string[];
}

type Entity = Record<string, unknown> & { "@id": string; "@type": string | string[] };

const PROFILES = {
  "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
  "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
  "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
};

/** What files are, by their names. */
const DESCRIPTIONS: [pattern: RegExp, name: string, mediaType: string][] = [
  [/^runs\/.*\.json$/, "Record of a run", "application/json"],
  [/^report\/.*\.csv$/, "Results as comma-separated values", "text/csv"],
  [/^report\/.*\.md$/, "Report", "text/markdown"],
  [/^report\//, "Part of the report", "application/octet-stream"],
  [/^croissant/, "Data set in Croissant", "application/ld+json"],
  [/\.bib$/, "Citations in BibTeX", "application/x-bibtex"],
  [/\.cff$/, "Citations in the Citation File Format", "application/yaml"],
  [/\.md$/, "Explanation", "text/markdown"],
  [/\.json$/, "Study", "application/json"],
  [/^deno\.lock$/, "Lock file: every package with its checksum", "application/json"],
  [/^LICENSE$/, "Licence of TuneBench", "text/plain"],
];

/** The value of ro-crate-metadata.json. */
export function describeCrate(content: CrateContent): Record<string, unknown> {
  const { records, files, studies } = content;
  const date = dateOf(records);
  const root: Entity = {
    "@id": "./",
    "@type": "Dataset",
    name: "TuneBench results",
    description: `Records and reports of ${records.length} runs of TuneBench, with the study that makes them again`,
    ...date !== undefined && { datePublished: date },
    license: { "@id": "#licences" },
    conformsTo: references(Object.keys(PROFILES)),
    hasPart: references(files),
    mainEntity: { "@id": studies[0] },
    mentions: references(studies.map(actionId)),
    citation: references(["citations.bib"]),
  };
  const graph: Entity[] = [
    {
      "@id": "ro-crate-metadata.json",
      "@type": "CreativeWork",
      about: { "@id": "./" },
      conformsTo: references([
        "https://w3id.org/ro/crate/1.1",
        "https://w3id.org/workflowhub/workflow-ro-crate/1.0",
      ]),
    },
    root,
    {
      "@id": "#licences",
      "@type": "CreativeWork",
      name: "Licences",
      description:
        "TuneBench, the models and the data have licences of their own, which licences.md names. The licence of " +
        "the results themselves is for those to state who publish them.",
    },
    ...Object.entries(PROFILES).map(([id, name]) => ({
      "@id": id,
      "@type": "CreativeWork",
      name,
      version: id.split("/").at(-1),
    })),
    ...files.map((path) => describeFile(path, studies)),
    ...describeProgram(records),
    ...describeSources(content.sources),
    ...studies.map((study) => describeAction(study, content)),
  ];
  return { "@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph };
}

function references(ids: readonly string[]): { "@id": string }[] {
  return ids.map((id) => ({ "@id": id }));
}

function actionId(study: string): string {
  return `#run-of-${study}`;
}

function describeFile(path: string, studies: readonly string[]): Entity {
  const [, name, mediaType] = DESCRIPTIONS.find(([pattern]) => pattern.test(path)) ??
    [null, "File", "application/octet-stream"];
  const file = { "@id": path, name: `${name}: ${path}`, encodingFormat: mediaType };
  if (!studies.includes(path)) return { ...file, "@type": "File" };
  return {
    ...file,
    "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
    programmingLanguage: { "@id": "#tunebench-study" },
    license: { "@id": "#licences" },
  };
}

/** The language of studies, and the versions of TuneBench that ran them. */
function describeProgram(records: readonly RunSummary[]): Entity[] {
  const suites = new Map(records.map(({ environment: { suite } }) => [programId(suite), suite]));
  const language: Entity = {
    "@id": "#tunebench-study",
    "@type": "ComputerLanguage",
    name: "Study of TuneBench",
    description:
      "A study.json: the product of models, tasks, methods and seeds, as docs/studies.md of TuneBench explains",
  };
  return [
    language,
    ...[...suites].sort().map(([id, { version, commit }]): Entity => ({
      "@id": id,
      "@type": "SoftwareApplication",
      name: "TuneBench",
      softwareVersion: plain(commit === null ? version : `${version}, commit ${commit}`),
    })),
  ];
}

function programId({ version, commit }: RunSummary["environment"]["suite"]): string {
  return identifier(`tunebench ${version} ${commit ?? ""}`);
}

/** An identifier within the file. */
function identifier(text: string): string {
  return `#${encodeURIComponent(plain(text))}`;
}

/** Models and data sets. */
function describeSources(sources: readonly Source[]): Entity[] {
  return inputsOf(sources).map(({ role, name, version, licence }) => ({
    "@id": identifier(`${role} ${name} ${version}`),
    "@type": role === "model" ? "SoftwareApplication" : "Dataset",
    name: plain(name) || "unnamed",
    [role === "model" ? "softwareVersion" : "version"]: plain(version ?? ""),
    description: plain(`The ${role} ${name}, licence ${licence}`),
  }));
}

function inputsOf(sources: readonly Source[]): Source[] {
  const inputs = sources.filter(({ role }) => role === "model" || role === "data set");
  return [
    ...new Map(inputs.map((source) => [identifier(`${source.role} ${source.name} ${source.version}`), source]))
      .values(),
  ];
}

/** The runs of a study: what they used and made. */
function describeAction(study: string, { records, sources, studies, files }: CrateContent): Entity {
  const starts = records.map(({ environment }) => environment.started).filter((start) =>
    !Number.isNaN(Date.parse(start))
  ).sort();
  return {
    "@id": actionId(study),
    "@type": "CreateAction",
    name: `Runs of ${study}`,
    ...studies.length > 1 && { description: `The results are those of all ${studies.length} studies together` },
    instrument: { "@id": study },
    object: inputsOf(sources).map(({ role, name, version }) => ({ "@id": identifier(`${role} ${name} ${version}`) })),
    result: references(files.filter((path) => path.startsWith("runs/"))),
    ...starts.length > 0 && { startTime: starts[0] },
  };
}
