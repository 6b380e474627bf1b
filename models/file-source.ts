/**
 * Files by name, whether they are in a folder or still on the hub.
 * @module
 */
import { exists } from "../base/files.ts";

/** Files that a model may be made of. */
export interface FileSource {
  /** Its name in messages. */
  label: string;
  /** Names of all files. */
  names(): Promise<string[]>;
  /** Whether there is something of that name; what is no file is refused when it is read. */
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
    has: (name) => exists(`${folder}/${name}`),
    path: (name) => Promise.resolve(`${folder}/${name}`),
  };
}
