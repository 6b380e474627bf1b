/**
 * The outcome of negative controls: what must fail, or change nothing, if results are to be believed.
 * @module
 */
import { z } from "zod";
import { isFolder, readObject } from "../../../base/files.ts";
import { describeFault } from "../../../base/schema.ts";
import type { UnreadableRecord } from "../read-records.ts";

/** One control. */
export interface Control {
  /** What must hold. */
  name: string;
  /** Whether it does. */
  passed: boolean;
  /** The numbers. */
  detail: string;
}

/** The controls of a cell: `controls/<id>.json` in the results folder. */
export interface ControlRecord {
  /** Version of this form. */
  version: 1;
  /** Id of the cell's run. */
  id: string;
  /** The cell's model. */
  model: string;
  /** The cell's task. */
  task: string;
  /** The cell's method. */
  method: string;
  /** The cell's seed. */
  seed: number;
  /** Its controls. */
  controls: Control[];
}

const schema: z.ZodType<ControlRecord> = z.strictObject({
  version: z.literal(1),
  id: z.string(),
  model: z.string(),
  task: z.string(),
  method: z.string(),
  seed: z.int(),
  controls: z.array(z.strictObject({ name: z.string(), passed: z.boolean(), detail: z.string() })).min(1),
});

/** Bytes of the longest record of controls that is read. */
const LONGEST = 1 << 20;

/** Path of a record of controls. */
export function controlPath(out: string, id: string): string {
  return `${out}/controls/${id}.json`;
}

/** The records of controls in results folders, ordered by their names, and those that cannot be read. */
export async function readControls(
  folders: readonly string[],
): Promise<{ controls: ControlRecord[]; unreadable: UnreadableRecord[] }> {
  const controls: ControlRecord[] = [];
  const unreadable: UnreadableRecord[] = [];
  for (const path of (await Promise.all(folders.map(pathsIn))).flat()) {
    try {
      const value = await readObject(path, LONGEST);
      const parsed = schema.safeParse(value);
      if (parsed.success) controls.push(parsed.data);
      else unreadable.push({ path, reason: describeFault(parsed.error, value) });
    } catch (error) {
      unreadable.push({ path, reason: (error as Error).message });
    }
  }
  return { controls, unreadable };
}

/** Paths of the records of controls in a results folder. */
async function pathsIn(folder: string): Promise<string[]> {
  if (!await isFolder(`${folder}/controls`)) return [];
  const names = await Array.fromAsync(Deno.readDir(`${folder}/controls`), ({ name }) => name);
  return names.filter((name) => name.endsWith(".json")).sort().map((name) => `${folder}/controls/${name}`);
}
