/**
 * Files by name, whether they are in a folder or still on the hub.
 * @module
 */
import { isFile } from "../base/files.ts";

/** Files that a model may be made of. */
export interface FileSource {
  /** Its name in messages. */
  label: string;
  /** Names of all files. */
  names(): Promise<string[]>;
  /** Whether there is a file of that name. */
  has(name: string): Promise<boolean>;
  /** Path of an existing file, which is fetched first if it is not on this machine. */
  path(name: string): Promise<string>;
}

/** The files of a folder. */
export function filesIn(folder: string): FileSource {
  return {
    label: folder,
    async names() {
      const entries = await Array.fromAsync(Deno.readDir(folder));
      return entries.filter(({ isDirectory }) => !isDirectory).map(({ name }) => name).sort();
    },
    has: (name) => isFile(`${folder}/${name}`),
    path: (name) => Promise.resolve(`${folder}/${name}`),
  };
}
