/**
 * A launcher in a process of its own, with fake workers: `launch.ts <out> <seeds> <megabytes to pad with> <patience>`.
 * @module
 */
import { bench } from "../../../runs/launch/launcher.ts";
import { presets } from "../../../runs/study/presets.ts";
import { parseSeeds } from "../../../runs/study/study.ts";

const [out, seeds, megabytes, patience] = Deno.args;
const padding = new Uint8Array(Number(megabytes) * 1e6).fill(1);
const { trained } = await bench({ ...presets.smoke.study, seeds: parseSeeds(seeds) }, {
  out,
  jobs: 2,
  patience: Number(patience),
  worker: new URL("./fake-worker.ts", import.meta.url),
});
console.log(trained, padding.length);
