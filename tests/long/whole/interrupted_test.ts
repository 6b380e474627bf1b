import assert from "node:assert/strict";
import { presets } from "../../../runs/study/presets.ts";
import { inFolder } from "../../in-folder.ts";
import { soak } from "../../soak/soak.ts";

const { study } = presets.smoke;

Deno.test("a bench that is killed up to twenty times, itself or its workers, ends with the records of an undisturbed one", () =>
  inFolder({
    "study.json": {
      ...study,
      methods: ["linear-probe", "lora", "full"],
      seeds: [0, 1],
      data: { train: 96, validation: 16, test: 16 },
      training: { ...study.training, epochs: 2 },
    },
  }, async (folder) => {
    const seed = Number(Deno.env.get("TUNEBENCH_KILL_SEED") ?? 1);
    const { killed } = await soak({ folder, study: `${folder}/study.json`, cells: 6, kills: 20, seed });
    assert.ok(killed.bench + killed.worker > 0);
  }));
