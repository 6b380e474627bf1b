/** What tests of benches with a worker that only pretends to train share. */
import { presets } from "../../../../runs/study/presets.ts";
import type { Study } from "../../../../runs/study/study.ts";

export const worker = new URL("../../../runs/launch/fake-worker.ts", import.meta.url);
export const smoke = presets.smoke.study;
export const oneCell = (seed: number): Study => ({ ...smoke, methods: ["lora"], seeds: [seed] });
export const quiet = { worker, jobs: 2 };

export const names = async (folder: string) =>
  (await Array.fromAsync(Deno.readDir(folder))).map((entry) => entry.name).sort();
