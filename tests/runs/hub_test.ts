import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { readRecords } from "../../runs/record.ts";
import { goldenConfig, goldenTensors, makeFolder, safetensors } from "../models/folder.ts";
import { commitOf, startHub } from "../models/hub-server.ts";

const cli = fileURLToPath(new URL("../../cli.ts", import.meta.url));
const COMMIT = commitOf("tiny");

Deno.test("a model of the hub is benched, its record has the commit, and it is benched again without a network", async () => {
  const text = (value: string) => new TextEncoder().encode(value);
  const hub = startHub();
  const [cache, out, again, none] = await Promise.all([{}, {}, {}, {}].map((files) => makeFolder(files)));
  const run = async (args: string[]) => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", `-P=${args[0]}`, cli, ...args, "--cache", cache],
      env: { HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: none, HF_HUB_OFFLINE: "" },
      stdin: "null",
    }).output();
    return { code, out: new TextDecoder().decode(stdout), errors: new TextDecoder().decode(stderr) };
  };
  const bench = (...args: string[]) => run(["bench", "smoke", "--methods", "linear-probe", ...args]);
  const recordOf = async (folder: string) => (await readRecords(folder)).records.at(0)!;
  try {
    hub.repositories["models/org/tiny"] = {
      refs: { main: COMMIT },
      commits: {
        [COMMIT]: {
          "config.json": text(JSON.stringify(await goldenConfig())),
          "model.safetensors": Uint8Array.from(safetensors(await goldenTensors())),
          "vocab.txt": text("[PAD]\n[UNK]\n[CLS]\n[SEP]\nthe\na\nand\nit\ngood\nbad\n."),
          "tokenizer_config.json": text("{}"),
        },
      },
    };
    const first = await bench("--models", "org/tiny", "--out", out);
    assert.equal(first.code, 0, first.errors);
    assert.match(first.out, /sentiment\/amazon, org\/tiny\n/);
    const record = await recordOf(out);
    assert.deepEqual(record.spec.model, { name: "org/tiny", revision: COMMIT });
    assert.match(record.model.sha256, /^[0-9a-f]{64}$/);
    const unknown = await bench("--models", "org/none", "--out", out);
    assert.deepEqual([unknown.code, unknown.errors.trim().split("\n").length], [2, 1]);

    await hub[Symbol.asyncDispose]();
    const second = await bench("--models", "org/tiny", "--out", again, "--offline");
    assert.equal(second.code, 0, second.errors);
    const { id, predictions, model } = await recordOf(again);
    assert.deepEqual({ id, predictions, model }, {
      id: record.id,
      predictions: record.predictions,
      model: record.model,
    });
    const fetched = await run(["fetch", "org/tiny", "sentiment/amazon", "--offline"]);
    assert.equal(fetched.code, 0, fetched.errors);
    assert.match(
      fetched.out,
      new RegExp(`^org/tiny at commit ${COMMIT}: .*\\n(.*\\n)+  in .*/${COMMIT}\\nsentiment/amazon: `),
    );
  } finally {
    await hub[Symbol.asyncDispose]();
  }
});

Deno.test("what cannot be fetched is said in one sentence, as asked for wrongly", async () => {
  const wrong: [string, RegExp][] = [
    ["org/../x", /^Cannot find the model org\/\.\.\/x: a name on the hub must be org\/name/],
    ["rte", /^Cannot fetch the task rte: its files are yours, --data of bench names the folder/],
    ["use-lit", /^Cannot find model or task use-lit: the nearest name is use-lite/],
  ];
  await Promise.all(wrong.map(async ([name, message]) => {
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "-P=fetch", cli, "fetch", name],
      stdin: "null",
    }).output();
    const errors = new TextDecoder().decode(stderr);
    assert.deepEqual([code, errors.trim().split("\n").length], [2, 1]);
    assert.match(errors, message);
  }));
});
