/**
 * The README of an export.
 * @module
 */
import type { RunSummary } from "../../runs/study/record.ts";
import type { Source } from "../citation/sources.ts";
import { escapeText, listTexts } from "./markdown-text.ts";
import { pluginsOf } from "../../runs/study/spec.ts";
import { limitsOf, type RebuiltStudies } from "../../runs/study/rebuild.ts";

/** The commands that repeat the runs in a clone of TuneBench; the export's place is to be filled in. */
export function commandsOf(studies: readonly string[], folder: string): string[] {
  return studies.map((study) => `deno task bench ${folder}/${study} --out reproduced`);
}

/** What the export holds, and how its runs are repeated. */
export function renderReadme(
  records: readonly RunSummary[],
  { needed }: RebuiltStudies,
  studies: readonly string[],
): string {
  const suites = records.map(({ environment: { suite } }) =>
    `${suite.version}, commit ${suite.commit ?? "not known"}${suite.dirty ? " with uncommitted changes" : ""}`
  );
  const locks = records.map(({ environment }) => environment.suite.lockSha256);
  const sections = [
    "# Results of TuneBench",
    `${records.length} runs, made by TuneBench ${listTexts(suites, "; ")}.`,
    "## Repeat them",
    "In a clone of TuneBench at that commit; the folder `reproduced` must be new:",
    `\`\`\`sh\n${commandsOf(studies, "/path/to/this/folder").join(" && ")}\n\`\`\``,
    "The runs have the same ids again. On the same kind of machine with as many threads they have the same scores; times and " +
    "memory differ. The tables are in `reproduced/report`.",
    ...needed.length === 0 ? [] : [
      "Needed besides, below the folder that the command runs in:",
      needed.map(({ path, what }) => `- \`${path}\`: ${escapeText(what)}`).join("\n"),
    ],
    ...limitsOf(records).length === 0 ? [] : [limitsOf(records).map((limit) => `- ${escapeText(limit)}`).join("\n")],
    "## What is here",
    [
      "- `report/`: the tables",
      "- `runs/`: the record of each run, with the predictions for every test example",
      ...records.some(({ spec }) => pluginsOf(spec).length > 0)
        ? ["- `plugins/`: code that is no part of TuneBench, which made some of these runs; read it before you run it"]
        : [],
      `- ${studies.map((study) => `\`${study}\``).join(", ")}: what makes these runs`,
      "- `checklist.md`: questions on reproducibility, answered from the records",
      "- `citations.bib`, `CITATION.cff`: what to cite",
      "- `licences.md`: licences of models and data; `LICENSE`: of TuneBench",
      `- \`deno.lock\`: the packages of the TuneBench that wrote this export; the runs had ${
        listTexts(locks)
      } as its SHA-256`,
      "- `croissant/`, `croissant-runs.json`: the data sets and the runs in Croissant",
      "- `ro-crate-metadata.json`: all of this as a Workflow Run RO-Crate",
      "- `manifest-sha256.txt`: checksums; `sha256sum --check manifest-sha256.txt` compares them",
    ].join("\n"),
  ];
  return sections.join("\n\n") + "\n";
}

/** Licences of the suite, of models and of data. */
export function renderLicences(sources: readonly Source[]): string {
  const items = sources.filter(({ licence }) => licence !== undefined)
    .map(({ role, name, version, licence }) =>
      `- ${role} ${escapeText(name)}, version ${escapeText(version ?? "not known")}: ${escapeText(licence!)}`
    );
  return `# Licences\n\nAs the records name them:\n\n${items.join("\n")}\n`;
}
