/**
 * Files by name, wherever they are: in a folder, or still on the hub.
 * @module
 */

/** Files that a model may be made of. */
export interface FileSource {
  /** As messages call it. */
  label: string;
  /** Names of all files. */
  names(): Promise<string[]>;
  /** Whether there is a file of that name. */
  has(name: string): Promise<boolean>;
  /** Path of a file that there is; where it is elsewhere, it is fetched first. */
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
    has: (name) => Deno.stat(`${folder}/${name}`).then(({ isFile }) => isFile, () => false),
    path: (name) => Promise.resolve(`${folder}/${name}`),
  };
}
