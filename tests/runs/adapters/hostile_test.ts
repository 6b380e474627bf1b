/**
 * Adapters as nobody should write them: whatever a config or a note holds, the adapter is read or refused in one sentence.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { storedForm } from "../../../methods/adaptation/stored-form.ts";
import { sizeOf } from "../../../base/shapes.ts";
import { findFolder } from "../../../models/mod.ts";
import { validateAdapter } from "../../../runs/adapters/validate.ts";
import { adapterValues } from "../../../runs/adapters/values.ts";
import { makeFolder } from "../../models/folder/copies.ts";

const golden = fileURLToPath(new URL("../../golden/", import.meta.url));
/** Bytes that a run of hostile files may add to resident memory: far less than what their sizes claim. */
const MEMORY = 300e6;
const encoder = new TextEncoder();

/** Adapters to change, and the models that they are of. */
const sources = await Promise.all(
  [
    ["A/bert", "cls/lora"],
    ["A/bert", "cls/dora"],
    ["A/bert", "cls/ia3"],
    ["A/bert", "cls/ln"],
    ["A/bert", "cls/prompt"],
    ["A/bert", "cls/ptuning_mlp"],
    ["A/bert", "cls/ptuning_lstm"],
    ["A/llama", "cls/prefix"],
    ["T5A/t5", "s2s/prefix_proj"],
  ].map(async ([model, adapter]) => {
    const folder = `${golden}${model}/${adapter}/adapter`;
    const config: Record<string, unknown> = JSON.parse(await Deno.readTextFile(`${folder}/adapter_config.json`));
    const { shape } = await findFolder(`${golden}${model}/model`);
    const place = await makeFolder({
      "adapter_model.safetensors": await Deno.readFile(`${folder}/adapter_model.safetensors`),
    });
    return { shape, config, place };
  }),
);

const value = fc.oneof(
  { weight: 3, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  {
    weight: 6,
    arbitrary: fc.constantFrom<unknown>(
      ...[
        -1,
        0,
        0.5,
        1,
        2,
        3,
        4,
        8,
        2 ** 16,
        2 ** 31,
        2 ** 53,
        1e308,
        null,
        true,
        false,
        "",
        "none",
        "all",
        "all-linear",
      ],
      ...["(a+)+$", ".*", "x".repeat(5000), "../..", "LORA", "SEQ_CLS", "LSTM", "pissa", "gaussian", [], {}, [[]]],
      ...[["query", "value"], ["classifier"], ["score", "__proto__"], [""], Array(20_000).fill("query"), {
        query: 1e9,
      }],
    ),
  },
);

/** Texts of a config that differ from a valid one in some way. */
const hostile = fc.nat(sources.length - 1).chain((at) => {
  const { config } = sources[at];
  const keys = Object.keys(config);
  const changes = fc.dictionary(fc.constantFrom(...keys, "rank_pattern", "__proto__", "tomorrow", "bias"), value, {
    maxKeys: 3,
  });
  const text = fc.oneof(
    { weight: 10, arbitrary: changes.map((changed) => JSON.stringify({ ...config, ...changed })) },
    {
      weight: 2,
      arbitrary: fc.subarray(keys).map((kept) =>
        JSON.stringify(Object.fromEntries(kept.map((key) => [key, config[key]])))
      ),
    },
    { weight: 1, arbitrary: fc.json() },
    { weight: 1, arbitrary: fc.string() },
    { weight: 1, arbitrary: fc.constantFrom("[".repeat(1e5), `{"peft_type":"${"L".repeat(1e5)}"}`, " ".repeat(2e6)) },
  );
  return fc.tuple(fc.constant(sources[at]), text);
});

/** Reads an adapter, or says in one short sentence why not. */
async function readOrRefuse({ place, shape }: Pick<typeof sources[number], "place" | "shape">): Promise<boolean> {
  try {
    const found = await validateAdapter(place, shape);
    if (found.parts.some(({ method, options }) => !storedForm(method, shape, options).parameters)) return true;
    const values = Object.values(await adapterValues(found, shape));
    assert(values.every(({ data, shape }) => data.length === sizeOf(shape)));
    return true;
  } catch (error) {
    assert(error instanceof Error);
    assert.equal(error.constructor, Error, String(error.stack));
    assert.match(error.message, /^Cannot [^\n]{1,1500}$/);
    return false;
  }
}

async function withinMemory(work: () => Promise<void>): Promise<void> {
  const before = Deno.memoryUsage().rss;
  await work();
  const grown = Deno.memoryUsage().rss - before;
  assert(grown < MEMORY, `resident memory grew by ${grown} bytes`);
}

Deno.test("each of 400 hostile adapter configs is read or refused in one sentence, in little memory", () =>
  withinMemory(async () => {
    let read = 0;
    await fc.assert(
      fc.asyncProperty(hostile, async ([source, text]) => {
        await Deno.writeFile(`${source.place}/adapter_config.json`, encoder.encode(text));
        if (await readOrRefuse(source)) read++;
      }),
      { numRuns: 400, seed: 5 },
    );
    assert(read > 20 && read < 380, `${read} of 400 were read`);
  }));

Deno.test("each of 500 hostile notes is read or refused in one sentence, and none leads out of the folder", () =>
  withinMemory(async () => {
    const [{ shape, config, place }] = sources;
    const folder = await makeFolder({ "adapter_config.json": config });
    await Deno.copyFile(`${place}/adapter_model.safetensors`, `${folder}/adapter_model.safetensors`);
    const options = { rank: 4, alpha: 8, targets: ["query", "value"], learningRate: 0.1, epochs: 1 };
    const note = {
      version: 1,
      run: "",
      model: { name: "bert", revision: "x" },
      task: { name: "task", version: 1, kind: "classification", labels: ["a", "b"] },
      method: [{ name: "lora", options }],
      forms: ["peft"],
      maxLength: 8,
    };
    const part = fc.record({
      name: fc.constantFrom("lora", "ia3", "..", "../../etc", "__proto__", "prompt-tuning"),
      options: fc.dictionary(fc.constantFrom(...Object.keys(options), "virtualTokens"), value, { maxKeys: 2 })
        .map((changed) => ({ ...options, ...changed })),
    });
    const text = fc.oneof(
      fc.dictionary(fc.constantFrom(...Object.keys(note), "tomorrow"), value, { maxKeys: 2 })
        .map((changed) => JSON.stringify({ ...note, ...changed })),
      fc.array(part, { maxLength: 3 }).map((method) => JSON.stringify({ ...note, method })),
      fc.json(),
    );
    let read = 0;
    await fc.assert(
      fc.asyncProperty(text, async (text) => {
        await Deno.writeTextFile(`${folder}/tunebench.json`, text);
        if (await readOrRefuse({ place: folder, shape })) read++;
      }),
      { numRuns: 500, seed: 5 },
    );
    assert(read > 10 && read < 450, `${read} of 500 were read`);
  }));
