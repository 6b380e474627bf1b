import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { parquetWriteBuffer } from "hyparquet-writer";
import { readRecords } from "../../../../runs/study/read-records.ts";
import { goldenConfig, goldenTensors, makeFolder, safetensors } from "../../../models/folder/copies.ts";
import { commitOf, type LocalHub, sha256, startHub } from "../../../models/hub/server.ts";

const cli = fileURLToPath(new URL("../../../../cli/main.ts", import.meta.url));
const COMMIT = commitOf("tiny");

interface Ended {
  code: number;
  out: string;
  errors: string;
}

/** A hub that ends with the work, and the command line with an empty cache of its own. */
async function withHub(work: (hub: LocalHub, run: (args: string[]) => Promise<Ended>) => Promise<void>): Promise<void> {
  const hub = startHub();
  const [cache, none] = [await makeFolder({}), await makeFolder({})];
  try {
    await work(hub, async (args) => {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--quiet", "-P=command", cli, ...args, "--cache", cache],
        env: { HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: none, HF_HUB_OFFLINE: "" },
        stdin: "null",
      }).output();
      return { code, out: new TextDecoder().decode(stdout), errors: new TextDecoder().decode(stderr) };
    });
  } finally {
    await hub[Symbol.asyncDispose]();
  }
}

const text = (value: string) => new TextEncoder().encode(value);
const recordOf = async (folder: string) => (await readRecords(folder)).records.at(0)!;

/** Puts a small model on a hub. */
async function addModel(hub: LocalHub): Promise<void> {
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
}

Deno.test("a model of the hub is benched, its record has the commit, and it is benched again without a network", () =>
  withHub(async (hub, run) => {
    const [out, again] = [await makeFolder({}), await makeFolder({})];
    const bench = (...args: string[]) => run(["bench", "smoke", "--methods", "linear-probe", ...args]);
    await addModel(hub);
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
  }));

Deno.test("a model of the hub is trained by a method of a plug-in, whose worker reaches no network", () =>
  withHub(async (hub, run) => {
    await addModel(hub);
    const [out, again] = [await makeFolder({}), await makeFolder({})];
    const plugin = fileURLToPath(new URL("../../../../docs/plugins/added-bias.ts", import.meta.url));
    const bench = (...flags: string[]) =>
      run(["bench", "smoke", "--methods", "added-bias", "--models", "org/tiny", "--plugin", plugin, ...flags]);
    const ended = await bench("--seeds", "0,", "--out", out);
    assert.equal(ended.code, 0, ended.errors);
    const { id, spec, predictions } = await recordOf(out);
    assert.deepEqual(spec.model, { name: "org/tiny", revision: COMMIT });
    assert.match(spec.method[0].plugin!, /^[0-9a-f]{64}$/);
    await hub[Symbol.asyncDispose]();
    const offline = await bench("--seeds", "0,", "--out", again, "--offline");
    assert.equal(offline.code, 0, offline.errors);
    const other = await recordOf(again);
    assert.deepEqual([other.id, other.predictions], [id, predictions]);
  }));

Deno.test("rte is read from the hub, and its record names data set, commit and files", () =>
  withHub(async (hub, run) => {
    const out = await makeFolder({});
    const rows = (count: number, from: number) => Array.from({ length: count }, (_, at) => from + at);
    const parquet = (of: number[]) =>
      new Uint8Array(parquetWriteBuffer({
        columnData: [
          { name: "sentence1", data: of.map((at) => `text ${at}`), type: "STRING" },
          { name: "sentence2", data: of.map((at) => `${at % 2 ? "no" : "yes"} ${at}`), type: "STRING" },
          { name: "label", data: of.map((at) => BigInt(at % 2)), type: "INT64" },
          { name: "idx", data: of, type: "INT32" },
        ],
      }));
    const [train, validation] = ["rte/train-00000-of-00001.parquet", "rte/validation-00000-of-00001.parquet"];
    const files = { [train]: parquet(rows(120, 0)), [validation]: parquet(rows(24, 1000)) };
    hub.repositories["datasets/nyu-mll/glue"] = { refs: { main: COMMIT }, commits: { [COMMIT]: files } };
    const ended = await run(["bench", "smoke", "--tasks", "rte", "--methods", "linear-probe", "--out", out]);
    assert.equal(ended.code, 0, ended.errors);
    const { spec, task } = await recordOf(out);
    const sums = { [train]: sha256(files[train]), [validation]: sha256(files[validation]) };
    assert.deepEqual(spec.task, {
      name: "rte",
      version: 1,
      files: sums,
      dataset: { name: "nyu-mll/glue", revision: COMMIT },
    });
    assert.deepEqual(
      task.source,
      Object.entries(sums).map(([path, sha256]) => ({ path: `nyu-mll/glue@${COMMIT}/${path}`, sha256 })),
    );
    assert.equal(task.splits.test.size, 24);
    const fetched = await run(["fetch", "rte", "--offline"]);
    assert.equal(fetched.code, 0, fetched.errors);
    assert.match(fetched.out, new RegExp(`^rte: data set nyu-mll/glue at commit ${COMMIT}, 144 examples\n`));
  }));

Deno.test("a name that cannot be fetched is refused in one sentence, as a usage error", async () => {
  const wrong: [string, RegExp][] = [
    ["org/../x", /^Cannot find the model org\/\.\.\/x: a name on the hub must be org\/name/],
    ["e2e", /^Cannot fetch the task e2e: its files are yours, --task-files of bench names the folder/],
    ["use-lit", /^Cannot find model or task use-lit: the nearest name is use-lite/],
  ];
  await Promise.all(wrong.map(async ([name, message]) => {
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "-P=command", cli, "fetch", name],
      stdin: "null",
    }).output();
    const errors = new TextDecoder().decode(stderr);
    assert.deepEqual([code, errors.trim().split("\n").length], [2, 1]);
    assert.match(errors, message);
  }));
});
