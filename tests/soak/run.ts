/**
 * `deno task soak`: the preset standard with a tenth of the examples, interrupted 200 times. `--kills`, `--seed` and `--seeds` (of the
 * study) change that.
 * @module
 */
import { parseArgs } from "node:util";
import { presets } from "../../runs/study/presets.ts";
import { cellsOf } from "../../runs/launch/cells.ts";
import { soak } from "./soak.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    kills: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    seeds: { type: "string", default: "5" },
  },
});
const { study: standard } = presets.standard;
const [train, validation, test] = (["train", "validation", "test"] as const).map((name) =>
  Math.round(Number(standard.data[name]) / 10)
);
const study = {
  ...standard,
  data: { train, validation, test },
  seeds: Array.from({ length: Number(values.seeds) }, (_, seed) => seed),
};
const folder = await Deno.makeTempDir({ prefix: "tunebench-soak-" });
await Deno.writeTextFile(`${folder}/study.json`, JSON.stringify(study));
const { seconds, killed, resumed, longestSurvival } = await soak({
  folder,
  study: `${folder}/study.json`,
  cells: (await cellsOf(study)).length,
  kills: Number(values.kills),
  seed: Number(values.seed),
  tell: console.log,
});
console.log(
  `same records and adapters after ${killed.bench} kills of bench and ${killed.worker} of workers; ${resumed} cells went on from ` +
    `a checkpoint; ${seconds.calm.toFixed(0)} s undisturbed, ${
      seconds.disturbed.toFixed(0)
    } s disturbed; no worker outlived its ` +
    `bench by more than ${longestSurvival.toFixed(1)} s`,
);
await Deno.remove(folder, { recursive: true });
