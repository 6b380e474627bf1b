import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { findFolder } from "../../../models/mod.ts";
import { makeFolder } from "../folder/copies.ts";

const golden = fileURLToPath(new URL("../../golden/A/llama/model", import.meta.url));
const config: Record<string, unknown> = JSON.parse(await Deno.readTextFile(`${golden}/config.json`));
const weights = await Deno.readFile(`${golden}/model.safetensors`);
const refused: [string, Record<string, unknown>, RegExp][] = [
  [
    "another scaling of the rotation",
    { rope_parameters: { rope_type: "yarn", rope_theta: 1e4 } },
    /"default" or "llama3"/,
  ],
  [
    "the same in the old spelling",
    { rope_parameters: undefined, rope_scaling: { type: "linear", factor: 2 } },
    /llama3/,
  ],
  ["heads that do not share keys evenly", { num_key_value_heads: 3 }, /4 heads must be a multiple of 3/],
  ["an activation that is unknown", { hidden_act: "swish2" }, /hidden_act/],
  ["quantised weights", { quantization_config: { bits: 4 } }, /quantised weights/],
];
for (const [name, changes, message] of refused) {
  Deno.test(`a Llama config with ${name} is refused in one sentence`, async () => {
    const folder = await makeFolder({ "config.json": { ...config, ...changes }, "model.safetensors": weights });
    await assert.rejects(async () => await findFolder(folder), message);
  });
}
