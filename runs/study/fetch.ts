/**
 * Downloads models and data sets, so that runs need no network: the command fetch.
 * @module
 */
import { formatBytes } from "../../base/bytes.ts";
import type { FetchedSnapshot } from "../../models/hub/fetch-files.ts";
import { openModelFiles } from "../../models/hub/model.ts";
import type { FetchOptions } from "../../models/hub/snapshot.ts";
import { findOnHub, isHubName, models } from "../../models/mod.ts";
import { dataOf } from "../../tasks/described/read.ts";
import { hubDescriptions } from "../../tasks/hub/mod.ts";
import { tasks } from "../../tasks/mod.ts";
import { findDataset, sumsOf } from "./find-dataset.ts";
import { asHubUsageError } from "./find-model.ts";
import { openOnHub } from "./find-task.ts";
import { lookUp, UsageError } from "../../base/errors.ts";

/**
 * Downloads a model or a task's data set, and checks the files that are on this machine already. Of a model or task that npm
 * packages bring, the files are checked.
 * @param name a model or a task
 * @returns lines that describe it and its files
 * @throws {UsageError} if there is none of that name, or if the hub refuses it
 * @throws {Error} if it cannot be downloaded, or if a file has another checksum than it must have
 */
export async function fetchByName(name: string, options: FetchOptions = {}): Promise<string[]> {
  // Names of tasks have a /, too.
  if (isHubName(name) && !Object.hasOwn(tasks, name)) return await asHubUsageError(() => fetchFromHub(name, options));
  const entry = lookUp("model or task", { ...models, ...tasks }, name);
  if ("open" in entry) {
    const { sha256 } = await entry.open();
    return [`${name}: comes with the npm packages, its files are as they must be (SHA-256 ${sha256.slice(0, 16)}…)`];
  }
  if (Object.hasOwn(hubDescriptions, name)) {
    const { opened: { task, read }, snapshot } = await openOnHub(hubDescriptions[name], { ...options, verify: true });
    return [
      `${name}: data set ${task.dataset!.name} at commit ${snapshot.commit}, ${countOf(dataOf(read))} examples`,
      ...describe(snapshot),
    ];
  }
  if (entry.dataset) {
    const snapshot = await findDataset(entry.dataset, { ...options, verify: true });
    const data = await entry.load({ folder: snapshot.folder, files: sumsOf(snapshot) });
    return [
      `${name}: data set ${entry.dataset.name} at commit ${snapshot.commit}, ${countOf(data)} examples`,
      ...describe(snapshot),
    ];
  }
  if (entry.files) {
    throw new UsageError(
      `Cannot fetch the task ${name}: its files are yours, --task-files of bench names the folder of ${
        entry.files.join(" and ")
      }`,
    );
  }
  return [
    `${name}: comes with the npm packages, its files are as they must be (${countOf(await entry.load())} examples)`,
  ];
}

/** Number of examples of all splits. */
function countOf(data: object): number {
  return Object.values(data).reduce((sum, examples) => sum + examples.length, 0);
}

/** The files of a snapshot, as lines. */
function describe({ folder, files, fetched }: FetchedSnapshot): string[] {
  const size = Object.values(files).reduce((sum, { size }) => sum + size, 0);
  return [
    ...Object.entries(files).map(([path, { size, sha256 }]) => `  ${path}: ${size} bytes, SHA-256 ${sha256}`),
    `  ${Object.keys(files).length} files, ${formatBytes(size)}, ` +
    (fetched === 0 ? "all there before" : `${formatBytes(fetched)} fetched`),
    `  in ${folder}`,
  ];
}

/** Downloads a model and opens it: better to learn now than on the cluster that it cannot be used. */
async function fetchFromHub(name: string, options: FetchOptions): Promise<string[]> {
  const snapshot = await openModelFiles(name, { ...options, verify: true });
  const model = await findOnHub(name, { ...options, say: undefined });
  return [
    `${model.name} at commit ${snapshot.commit}: ${model.description}, licence ${model.licence}`,
    ...describe(snapshot),
  ];
}
