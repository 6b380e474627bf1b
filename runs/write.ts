/**
 * Files and folders of results: complete, or not there. Two commands may work on one results folder.
 * @module
 */
import type { CellResult } from "./cell.ts";
import { type Environment, type Measured, RECORD_VERSION, type RunRecord } from "./record.ts";
import { runId, type RunSpec, settingId } from "./spec.ts";

/** A name beside `path` that nobody else uses. */
const temporary = (path: string) => `${path}.${crypto.randomUUID()}.tmp`;

/** Writes JSON to a file in one step. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  const draft = temporary(path);
  await Deno.writeTextFile(draft, `${JSON.stringify(value, null, 2)}\n`);
  await Deno.rename(draft, path);
}

/**
 * Puts a folder in place in one step; one that stands there is replaced.
 * @param fill writes the content into the folder it is given
 */
export async function writeFolder(path: string, fill: (folder: string) => Promise<void>): Promise<void> {
  const draft = temporary(path);
  await Deno.mkdir(draft, { recursive: true });
  await fill(draft);
  while (true) {
    const old = temporary(path);
    try {
      await Deno.rename(path, old);
      await Deno.remove(old, { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    try {
      return await Deno.rename(draft, path);
    } catch (error) {
      // Another worker has put its folder there in between.
      if (!isOccupied(error)) throw error;
    }
  }
}

function isOccupied(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOTEMPTY" || error.code === "EEXIST");
}

/** Where a run's record lies. */
export function recordPath(out: string, id: string): string {
  return `${out}/runs/${id}.json`;
}

/** Writes the record of a run. */
export async function writeRecord(
  out: string,
  spec: RunSpec,
  { planned, ...result }: CellResult,
  memory: { peak: Measured; training: Measured },
  environment: Environment,
): Promise<void> {
  const record: RunRecord = {
    version: RECORD_VERSION,
    id: runId(spec),
    setting: settingId(spec),
    spec,
    ...result,
    memory: { ...memory, planned },
    environment,
  };
  await writeJson(recordPath(out, record.id), record);
}
