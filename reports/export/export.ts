/**
 * Exports: folders with all that it takes to check, cite and repeat results.
 * @module
 */
import { dirname, resolve } from "node:path";
import { exists, sha256File } from "../../base/files.ts";
import { writeFolder, writeJson, writeWhole } from "../../base/write-files.ts";
import type { RunSummary } from "../../runs/study/record.ts";
import type { FoundTrial, UnreadableRecord } from "../../runs/study/read-records.ts";
import { citationFormats, inWords, readSources } from "../citation/cite.ts";
import { bibliographyOf } from "../citation/bibliography.ts";
import { byKeys } from "../by-keys.ts";
import { writeReportOf } from "../mod.ts";
import { groupRuns } from "../results.ts";
import { collectRuns } from "../runs/collect.ts";
import type { Run } from "../runs/run.ts";
import { conflictInWords } from "../words.ts";
import { renderChecklist } from "./checklist.ts";
import { describeDatasets, describeRuns } from "./croissant.ts";
import { listFiles, makeManifest, MANIFEST, requireReplaceable } from "./manifest.ts";
import { commandsOf, renderLicences, renderReadme } from "./readme.ts";
import { describeCrate } from "./ro-crate.ts";
import { keepPlugins, keptPath, readKept } from "../../runs/plugins/kept.ts";
import { type Needed, studiesOf } from "../../runs/study/rebuild.ts";
import { pluginsOf } from "../../runs/study/spec.ts";

/** What `exportResults` did. */
export interface WrittenExport {
  /** Paths of its files, inside the folder. */
  files: string[];
  /** The commands that repeat the runs, to be run in a clone of TuneBench one after the other. */
  commands: string[];
  /** Records that were left out. */
  unreadable: UnreadableRecord[];
}

/** A run, and the file that it was read from. */
interface StoredRun {
  run: Run;
  path: string;
}

/**
 * Writes an export: records, report, studies, citations, licences, lock file, checklist, metadata, checksums. The same records
 * give the same bytes.
 * @param results results folders; a run that several of them hold with equal results is taken once, as it ran first
 * @param folder where the export is put, in one step; an export that nobody has changed is replaced
 * @throws {UsageError} if the folder is neither missing nor empty nor an unchanged export
 * @throws {Error} if no record can be read, or folders hold different results of a run
 */
export async function exportResults(results: readonly string[], folder: string): Promise<WrittenExport> {
  const out = resolve(folder);
  await requireReplaceable(out);
  const { stored, trials, unreadable } = await collect(results);
  await writeFolder(out, (draft) => fill(draft, stored, trials, results));
  const files = await listFiles(out);
  const studies = files.filter((path) => /^study(-\d+)?\.json$/.test(path));
  return { files, commands: commandsOf(studies, folder), unreadable };
}

/** Reads the records of results folders, each run once, by id. */
async function collect(
  results: readonly string[],
): Promise<{ stored: StoredRun[]; trials: FoundTrial[]; unreadable: UnreadableRecord[] }> {
  const { runs, paths, trials, conflicts: [conflict], unreadable } = await collectRuns(results);
  if (conflict !== undefined) {
    throw new Error(`Cannot export: each run must have one result; ${conflictInWords(conflict)}`);
  }
  if (paths.length === 0) {
    const reasons = unreadable.map(({ path, reason }) => `; ${path}: ${reason}`).join("");
    throw new Error(`Cannot export: ${results.join(", ")} must hold a readable record, current number is 0${reasons}`);
  }
  const stored = runs.map((run, index) => ({ run, path: paths[index] })).sort(byKeys(({ run }) => run.id));
  return { stored, trials, unreadable };
}

/** Writes everything. */
async function fill(
  folder: string,
  stored: readonly StoredRun[],
  trials: readonly FoundTrial[],
  results: readonly string[],
): Promise<void> {
  const records = stored.map(({ run }) => run);
  const sources = await readSources(records);
  await Deno.mkdir(`${folder}/runs`);
  for (const { run, path } of stored) await Deno.copyFile(path, `${folder}/runs/${run.id}.json`);
  for (const { trial, path } of trials) await Deno.copyFile(path, `${folder}/runs/${trial.id}.json`);
  await writeReportOf(groupRuns(records, [], [], inWords(sources)), `${folder}/report`);
  const rebuilt = studiesOf([...records, ...trials.map(({ trial }) => trial)]);
  const studies = rebuilt.studies.map((_, index) =>
    rebuilt.studies.length === 1 ? "study.json" : `study-${index + 1}.json`
  );
  for (const [index, study] of rebuilt.studies.entries()) await writeJson(`${folder}/${studies[index]}`, study);
  const bibliography = bibliographyOf(sources);
  const lacking = await keepUsed(folder, [...records, ...trials.map(({ trial }) => trial)], results);
  const texts = {
    "README.md": renderReadme(records, { ...rebuilt, needed: [...rebuilt.needed, ...lacking] }, studies),
    "checklist.md": renderChecklist(records),
    "licences.md": renderLicences(sources),
    "citations.bib": citationFormats.bibtex(bibliography),
    "CITATION.cff": citationFormats.cff(bibliography),
  };
  for (const [name, text] of Object.entries(texts)) await writeWhole(`${folder}/${name}`, text);
  for (const name of ["LICENSE", "deno.lock"]) {
    await Deno.writeFile(`${folder}/${name}`, await Deno.readFile(new URL(`../../${name}`, import.meta.url)));
  }
  await writeDatasets(folder, records);
  const files = await listFiles(folder);
  await writeJson(`${folder}/ro-crate-metadata.json`, describeCrate({ records, sources, files, studies }));
  await writeWhole(`${folder}/${MANIFEST}`, await makeManifest(folder));
}

/** Copies the plug-ins that runs use. @returns those that no results folder keeps */
async function keepUsed(
  folder: string,
  records: readonly Pick<RunSummary, "spec">[],
  results: readonly string[],
): Promise<Needed[]> {
  const lacking: Needed[] = [];
  for (const sha256 of new Set(records.flatMap(({ spec }) => pluginsOf(spec)))) {
    const path = keptPath(sha256);
    const places = await Promise.all(results.map((result) => exists(`${result}/${path}`)));
    const at = places.indexOf(true);
    if (at < 0) lacking.push({ path, what: `the plug-in with the SHA-256 ${sha256}, in this folder` });
    else await keepPlugins(folder, { [sha256]: await readKept(`${results[at]}/${path}`) });
  }
  return lacking;
}

async function writeDatasets(folder: string, records: readonly RunSummary[]): Promise<void> {
  const csv = `${folder}/report/runs.csv`;
  const runs = describeRuns(records, await Deno.readTextFile(csv), (await sha256File(csv))!);
  for (const { path, value } of [...describeDatasets(records), runs]) {
    await Deno.mkdir(dirname(`${folder}/${path}`), { recursive: true });
    await writeJson(`${folder}/${path}`, value);
  }
}
