import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { makeFolder } from "../models/folder/copies.ts";

const main = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));
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

/** The message of a command that is refused with status 2, started in a folder. */
async function refusal(cwd: string, args: string[]): Promise<string> {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-P=command", "--config", `${clone}deno.json`, main, ...args, "--offline"],
    cwd,
  }).output();
  const message = new TextDecoder().decode(stderr);
  assert.equal(code, 2, message);
  return message.trimEnd();
}

Deno.test("where a missing relative path was looked for is said, of an absolute path it is not", async () => {
  const cwd = await Deno.realPath(await makeFolder({ "adapter/config.json": "{}" }));
  const missing: [string[], string][] = [
    [
      ["bench", "mine.json"],
      `Cannot read the study mine.json: there must be such a file, it was looked for at ${cwd}/mine.json`,
    ],
    [
      ["bench", "--models", "./tiny"],
      `Cannot read ./tiny/config.json: there must be such a file, it was looked for at ${cwd}/tiny/config.json`,
    ],
    [["bench", "--models", `${cwd}/tiny`], `Cannot read ${cwd}/tiny/config.json: there must be such a file`],
    [
      ["bench", "--models", "tiny.gguf"],
      `Cannot read tiny.gguf: there must be such a file, it was looked for at ${cwd}/tiny.gguf`,
    ],
    [
      ["bench", "--tasks", "rte", "--task-files", "mine"],
      `Cannot read mine/train.tsv: there must be such a file, it was looked for at ${cwd}/mine/train.tsv`,
    ],
    [
      ["bench", "--from", "mine"],
      `Cannot read the adapter mine: there must be such a folder, it was looked for at ${cwd}/mine`,
    ],
    [
      ["predict", "--adapter", "mine"],
      `Cannot read the adapter mine: there must be such a folder, it was looked for at ${cwd}/mine`,
    ],
    [
      ["predict", "--adapter", "adapter", "--model", "use-lite", "--input", "lines"],
      `Cannot read the input lines: there must be such a file, it was looked for at ${cwd}/lines`,
    ],
  ];
  await Promise.all(missing.map(async ([args, message]) => assert.equal(await refusal(cwd, args), message)));
});

Deno.test("a name on the hub that is a folder here, too, is answered with both spellings, and each of them is taken", async () => {
  const cwd = await Deno.realPath(await makeFolder({ "mine/tiny/README.md": "" }));
  const models = async (name: string) => await refusal(cwd, ["bench", "--models", name]);
  assert.equal(
    await models("mine/tiny"),
    "Cannot choose the model mine/tiny: there is such a path here, it must be ./mine/tiny for that, " +
      "or mine/tiny@main for the model on the hub",
  );
  assert.match(await models("./mine/tiny"), /^Cannot read \.\/mine\/tiny\/config\.json: /);
  assert.match(await models("mine/tiny@main"), /^Cannot use mine\/tiny: without the network, /);
});

Deno.test("a path with commas is taken whole where it exists, and flags of lists may be repeated", async () => {
  const cwd = await Deno.realPath(await makeFolder({ "a, b/c,d/README.md": "" }));
  const path = "./a, b/c,d";
  assert.match(
    await refusal(cwd, ["bench", "--models", "use-lite", "--models", path]),
    /^Cannot read \.\/a, b\/c,d\/config\.json: /,
  );
  const both = ["predict", "--model", "use-lite", "--adapter", path, "--adapter"];
  assert.match(
    await refusal(cwd, [...both, "nowhere"]),
    /^Cannot read the adapter \.\/a, b\/c,d: /,
  );
  assert.match(
    await refusal(cwd, ["bench", "--methods", "lora, bitfit", "--methods", "lorra"]),
    /^Cannot find method lorra/,
  );
});
