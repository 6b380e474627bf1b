/**
 * The examples of tasks that take long to read: they are read once, then taken from the cache folder. Reading the Brown corpus takes
 * half a second, and every cell is a process of its own.
 * @module
 */
import { createHash } from "node:crypto";
import { readText } from "../../../base/files.ts";
import { derivedFile } from "../../../models/cache.ts";
import type { AnyTask, TaskData, TaskFiles, TextInput } from "../../../tasks/types.ts";

/** Characters of the longest file that is kept. */
const LONGEST = 1 << 28;

/** A task as far as its examples are loaded. */
export type LoadedTask<E extends TextInput> = Pick<AnyTask, "name" | "version" | "source" | "kept"> & {
  load(files?: TaskFiles): Promise<TaskData<E>>;
};

/**
 * The examples of a task, as its `load` gives them.
 * @param files that a user gives
 * @throws {Error} if they cannot be read
 */
export async function loadExamples<E extends TextInput>(
  { name, version, source, kept, load }: LoadedTask<E>,
  files: TaskFiles | undefined,
): Promise<TaskData<E>> {
  if (!kept) return await load(files);
  const origin = createHash("sha256").update(JSON.stringify([name, version, source])).digest("hex");
  const path = await derivedFile(
    `examples-${name.replaceAll("/", "-")}`,
    origin,
    "json",
    async (path) => await Deno.writeTextFile(path, JSON.stringify(await load(files))),
  );
  return JSON.parse(await readText(path, LONGEST));
}
