/**
 * Runs code as a user who may not read everything: root reads every file, whatever its mode.
 * @module
 */
import { dirname } from "node:path";

/** Whether tests can do so: for root alone. */
export const canBeOtherUser: boolean = Deno.build.os !== "windows" && Deno.uid() === 0;

/** The user and group that own nothing. */
const NOBODY = 65534;

/**
 * What a module prints that such a user runs in a folder.
 * @param files of the project that it imports, by their paths from the root; they are copied into the folder
 */
export async function printedByOtherUser(folder: string, files: readonly string[], code: string): Promise<string> {
  await Deno.chmod(folder, 0o755);
  for (const file of files) {
    await Deno.mkdir(`${folder}/${dirname(file)}`, { recursive: true });
    await Deno.copyFile(new URL(`../${file}`, import.meta.url), `${folder}/${file}`);
  }
  await Deno.copyFile(Deno.execPath(), `${folder}/deno`);
  await Deno.chmod(`${folder}/deno`, 0o755);
  await Deno.writeTextFile(`${folder}/run.ts`, code);
  await Deno.mkdir(`${folder}/cache`);
  await Deno.chown(`${folder}/cache`, NOBODY, NOBODY);
  const { stdout, stderr } = await new Deno.Command(`${folder}/deno`, {
    args: ["run", "--quiet", "--no-check", "--no-config", "--allow-all", `${folder}/run.ts`],
    cwd: folder,
    uid: NOBODY,
    gid: NOBODY,
    env: { DENO_DIR: `${folder}/cache`, HOME: `${folder}/cache` },
  }).output();
  const text = new TextDecoder();
  return text.decode(stdout).trim() || text.decode(stderr);
}
