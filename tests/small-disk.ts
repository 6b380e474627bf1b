/**
 * A disk of 1 MiB that tests can fill.
 * @module
 */

/**
 * Calls `work` with a folder that is a disk of its own.
 * @returns whether there is such a disk: mounting one takes Linux and the rights of root
 */
export async function onSmallDisk(work: (folder: string) => Promise<void>): Promise<boolean> {
  const folder = await Deno.makeTempDir({ prefix: "tunebench-disk-" });
  const run = (program: string, ...args: string[]) =>
    new Deno.Command(program, { args, stdout: "null", stderr: "null" }).output().then(
      ({ success }) => success,
      () => false,
    );
  try {
    if (!await run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder)) return false;
    try {
      await work(folder);
    } finally {
      await run("umount", folder);
    }
    return true;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Fills a disk with a file. @returns removes the file */
export function fill(folder: string): () => void {
  const path = `${folder}/filler`;
  const file = Deno.openSync(path, { write: true, create: true });
  try {
    while (true) file.writeSync(new Uint8Array(1 << 12));
  } catch (error) {
    if ((error as { code?: string }).code !== "ENOSPC") throw error;
  } finally {
    file.close();
  }
  return () => Deno.removeSync(path);
}
