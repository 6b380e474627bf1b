/**
 * The tests that `deno task test` runs, as one module: each module of tests would load the program again, for half a second of processor
 * time. A file of tests can be run by itself, too, so what it changes of the process it puts back.
 * @module
 */

/** Folders with a command of their own. */
const APART = ["long", "slurm"];

/** Loads the tests of a folder, in the order of their names. */
async function load(folder: URL): Promise<void> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  for (const { name, isDirectory } of entries.sort((one, other) => one.name < other.name ? -1 : 1)) {
    if (isDirectory && !APART.includes(name)) await load(new URL(`${name}/`, folder));
    else if (name.endsWith("_test.ts")) await import(new URL(name, folder).href);
  }
}
await load(new URL("./", import.meta.url));
