/**
 * Temporary folders for tests.
 * @module
 */
import { dirname } from "node:path";

/** What a folder holds, by path: texts, bytes, or values that are written as JSON. */
export type Files = Record<string, string | Uint8Array | object>;

/** Writes files into a folder, with the subfolders that their paths need. */
export async function writeFiles(folder: string, files: Files): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await Deno.mkdir(dirname(`${folder}/${path}`), { recursive: true });
    if (content instanceof Uint8Array) await Deno.writeFile(`${folder}/${path}`, content);
    else await Deno.writeTextFile(`${folder}/${path}`, typeof content === "string" ? content : JSON.stringify(content));
  }
}

/** Calls `work` with a temporary folder that holds these files, and removes the folder afterwards. */
export async function inFolder<T>(files: Files, work: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "tunebench-test-" });
  try {
    await writeFiles(folder, files);
    return await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
