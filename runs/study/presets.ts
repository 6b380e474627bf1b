/**
 * Studies with a name: the files of runs/presets.
 * @module
 */
import { fileURLToPath } from "node:url";
import { readJsonc } from "../../base/jsonc.ts";
import { LONGEST_STUDY, type Study } from "./study.ts";
import { presetSchema } from "./study-schema.ts";

/** A study with a name. */
export interface Preset {
  /** What it compares, and how long it takes. */
  description: string;
  /** The study. */
  study: Study;
}

const folder = fileURLToPath(new URL("../presets/", import.meta.url));

async function readPreset(file: string): Promise<Preset> {
  const { value } = await readJsonc(`${folder}${file}`, LONGEST_STUDY);
  const { $schema: _, description, ...study } = presetSchema.parse(value);
  return { description, study };
}

/** Presets by name, the name of the file. */
export const presets: Record<string, Preset> = {};
for (const file of (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort()) {
  presets[file.replace(/\.json$/, "")] = await readPreset(file);
}
