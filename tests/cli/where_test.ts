import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { makeFolder } from "../models/folder/copies.ts";

const clone = fileURLToPath(new URL("../..", import.meta.url));

Deno.test("a relative path counts from the folder where deno task is called, not from the clone", async () => {
  const study = { models: ["no-such-model"] };
  const cwd = await makeFolder({ "mine.json": JSON.stringify(study) });
  const env = { ...Deno.env.toObject() };
  delete env.INIT_CWD;
  const { stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "--config", `${clone}deno.json`, "bench", "mine.json", "--dry-run"],
    cwd,
    env,
    clearEnv: true,
  }).output();
  assert.match(new TextDecoder().decode(stderr), /Cannot find model no-such-model/);
});
