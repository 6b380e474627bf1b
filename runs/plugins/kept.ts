/**
 * Plug-ins as results folders keep them: the code that made the results, `plugins/<checksum>/plugin.json` with the files beside it.
 * @module
 */
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { z } from "zod";
import { UsageError } from "../../base/errors.ts";
import { exists, readObject } from "../../base/files.ts";
import { describeFault } from "../../base/schema.ts";
import { writeFolder, writeJson } from "../../base/write-files.ts";
import type { PluginFiles, PluginPaths } from "./types.ts";

/** Name of the file that says what is there. */
const NOTE = "plugin.json";

/** Bytes of the longest that is read. */
const LONGEST = 1 << 20;

/** A path inside the folder. */
const inside = z.string().regex(/^(?![/\\]|.*(^|[/\\])\.\.([/\\]|$)).+$/, {
  error: "must be a path inside the folder",
});
const noteSchema = z.strictObject({ version: z.literal(1), files: z.array(inside).min(1) });

/** Whether a path is that of a kept plug-in. */
export function isKept(path: string): boolean {
  return basename(path) === NOTE;
}

/** The files of a kept plug-in. @throws {UsageError} if its note breaks a rule */
export async function readKept(path: string): Promise<PluginFiles> {
  const value = await readObject(path, LONGEST);
  const result = noteSchema.safeParse(value);
  if (!result.success) throw new UsageError(`Cannot use the plug-in ${path}: ${describeFault(result.error, value)}`);
  return { name: path, files: result.data.files.map((file) => join(dirname(path), file)) };
}

/** Where a results folder or an export keeps a plug-in, from that folder. */
export function keptPath(sha256: string): string {
  return `plugins/${sha256.slice(0, 16)}/${NOTE}`;
}

/** What to do where a plug-in is missing, as the end of a sentence. */
export function askFor(sha256: string): string {
  return `--plugin must name the plug-in that it is from, which results folders keep as ${keptPath(sha256)}`;
}

/**
 * Copies plug-ins into a results folder, where their files lie to each other as they did.
 * @returns the copies, under the names that their user knows
 */
export async function keepPlugins(out: string, plugins: PluginPaths): Promise<PluginPaths> {
  const kept: Record<string, PluginFiles> = {};
  for (const [sha256, { name, files }] of Object.entries(plugins)) {
    const note = resolve(out, keptPath(sha256));
    if (!await exists(note)) await copyPlugin(dirname(note), files);
    kept[sha256] = { ...await readKept(note), name };
  }
  return kept;
}

async function copyPlugin(folder: string, files: readonly string[]): Promise<void> {
  const top = commonFolder(files);
  const names = files.map((file) => relative(top, file).replaceAll(sep, "/"));
  await writeFolder(folder, async (draft) => {
    for (const [at, name] of names.entries()) {
      await Deno.mkdir(dirname(`${draft}/${name}`), { recursive: true });
      await Deno.copyFile(files[at], `${draft}/${name}`);
    }
    await writeJson(`${draft}/${NOTE}`, { version: 1, files: names });
  });
}

/** The innermost folder that all files are in. */
function commonFolder(files: readonly string[]): string {
  let folder = dirname(files[0]);
  while (!files.every((file) => file.startsWith(`${folder}${folder.endsWith(sep) ? "" : sep}`))) {
    folder = dirname(folder);
  }
  return folder;
}
