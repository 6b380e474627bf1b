import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { findFolder } from "../../../models/mod.ts";
import { makeFolder } from "../folder/copies.ts";

const golden = fileURLToPath(new URL("../../golden/A/llama/model", import.meta.url));
const config: Record<string, unknown> = JSON.parse(await Deno.readTextFile(`${golden}/config.json`));
const weights = await Deno.readFile(`${golden}/model.safetensors`);

Deno.test("sliding windows of Qwen2 are refused", async () => {
  const changed = { ...config, model_type: "qwen2", use_sliding_window: true };
  const folder = await makeFolder({ "config.json": changed, "model.safetensors": weights });
  await assert.rejects(async () => await findFolder(folder), /use_sliding_window/);
});
