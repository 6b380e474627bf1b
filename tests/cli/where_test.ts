import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { makeFolder } from "../models/folder/copies.ts";
import { runLines } from "./command-lines.ts";

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

/** The messages of command lines that are each refused with status 2, started in a folder. */
async function refusals(cwd: string, lines: string[][]): Promise<string[]> {
  const ended = await runLines(lines.map((args) => [...args, "--offline"]), cwd);
  return ended.map(({ code, errors }) => {
    assert.equal(code, 2, errors);
    return errors.trimEnd();
  });
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
  assert.deepEqual(await refusals(cwd, missing.map(([args]) => args)), missing.map(([, message]) => message));
});

Deno.test("a name on the hub that is a folder here, too, is answered with both spellings, and each of them is taken", async () => {
  const cwd = await Deno.realPath(await makeFolder({ "mine/tiny/README.md": "" }));
  const [bare, path, revision] = await refusals(
    cwd,
    ["mine/tiny", "./mine/tiny", "mine/tiny@main"].map((name) => ["bench", "--models", name]),
  );
  assert.equal(
    bare,
    "Cannot choose the model mine/tiny: there is such a path here, it must be ./mine/tiny for that, " +
      "or mine/tiny@main for the model on the hub",
  );
  assert.match(path, /^Cannot read \.\/mine\/tiny\/config\.json: /);
  assert.match(revision, /^Cannot use mine\/tiny: without the network, /);
});

Deno.test("a path with commas is taken whole where it exists, and flags of lists may be repeated", async () => {
  const cwd = await Deno.realPath(await makeFolder({ "a, b/c,d/README.md": "" }));
  const path = "./a, b/c,d";
  const [models, adapters, methods] = await refusals(cwd, [
    ["bench", "--models", "use-lite", "--models", path],
    ["predict", "--model", "use-lite", "--adapter", path, "--adapter", "nowhere"],
    ["bench", "--methods", "lora, bitfit", "--methods", "lorra"],
  ]);
  assert.match(models, /^Cannot read \.\/a, b\/c,d\/config\.json: /);
  assert.match(adapters, /^Cannot read the adapter \.\/a, b\/c,d: /);
  assert.match(methods, /^Cannot find method lorra/);
});
