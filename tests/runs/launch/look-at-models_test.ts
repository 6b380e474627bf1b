import assert from "node:assert/strict";
import { UsageError } from "../../../base/errors.ts";
import { cellsOf } from "../../../runs/launch/cells.ts";
import type { BenchEvent } from "../../../runs/launch/events.ts";
import { bench, estimateBench } from "../../../runs/launch/launcher.ts";
import { requireModels } from "../../../runs/launch/look-at-models.ts";
import { presets } from "../../../runs/study/presets.ts";
import type { Study } from "../../../runs/study/study.ts";
import type { Files } from "../../in-folder.ts";
import { inFolder } from "../../in-folder.ts";
import { config, sharded, tensors, whole } from "../../models/folder/bert.ts";
import { makeFolder, safetensors } from "../../models/folder/copies.ts";
import { tinyWordModel } from "../training/words/tiny-words.ts";

const worker = new URL("./fake-worker.ts", import.meta.url);
const study = (models: string[]): Study => ({
  ...presets.smoke.study,
  models,
  methods: ["lora", "bitfit"],
  seeds: [0, 1],
});

const { "vocab.txt": _, ...mute } = whole;
const cut = whole["model.safetensors"].slice(0, -4);
const { "bert.embeddings.LayerNorm.weight": norm, ...others } = tensors;
const shard = "model-00002-of-00002.safetensors";
const tokenizer = (model: object) => ({ ...mute, "tokenizer.json": { model } });

/** Folders with a fault that config.json does not tell, and the end of the sentence that names it. */
const faulty: Record<string, [Files, RegExp]> = {
  "cut weights": [{ ...whole, "model.safetensors": cut }, /\/cut weights\/model\.safetensors: .* inside the file$/],
  "an empty shard": [{ ...sharded(), [shard]: "" }, /\/an empty shard\/.*: it is too short for a safetensors file$/],
  "a weight too few": [
    { ...whole, "model.safetensors": safetensors(others) },
    /\/a weight too few: it lacks the weights bert\.embeddings\.LayerNorm\.weight$/,
  ],
  "another shape": [
    { ...whole, "config.json": { ...config, vocab_size: 98 } },
    /\/another shape: .* must be \[98,32\], as its config says, current value is \[99,32\]$/,
  ],
  "integers": [
    {
      ...whole,
      "model.safetensors": safetensors({ ...tensors, "bert.embeddings.LayerNorm.weight": { ...norm, dtype: "I32" } }),
    },
    /\/integers: weights must be F32, F16, BF16, .* is I32$/,
  ],
  "no tokenizer": [mute, /\/no tokenizer: it must have a tokenizer, one of tokenizer\.json, /],
  "half a tokenizer": [
    { ...mute, "tokenizer.json": '{"model":' },
    /\/half a tokenizer\/tokenizer\.json: it must be JSON, /,
  ],
  "a tokenizer of others": [
    tokenizer({ type: "WordLevel", vocab: { "<unk>": 0 }, unk_token: 7 }),
    /^Cannot use the tokenizer .*\/a tokenizer of others\/tokenizer\.json: /,
  ],
};

for (const [name, [files, message]] of Object.entries(faulty)) {
  Deno.test(`a model with ${name} is refused once, before any cell of any model and in a dry run`, () =>
    inFolder({}, async (out) => {
      const asked = study(["use-lite", await makeFolder(files, name)]);
      const events: BenchEvent[] = [];
      const isRefusal = (error: Error) => {
        assert.ok(error instanceof UsageError, error.stack);
        assert.match(error.message, message);
        assert.ok(!error.message.includes("\n"));
        return true;
      };
      await assert.rejects(bench(asked, { worker, out, onEvent: (event) => events.push(event) }), isRefusal);
      assert.deepEqual(events.map(({ type }) => type), ["cells"]);
      assert.deepEqual(await Array.fromAsync(Deno.readDir(`${out}/failed`)), []);
      await assert.rejects(estimateBench(asked, worker), isRefusal);
    }));
}

Deno.test("words and templates that a model cannot be asked for are refused once, before any cell", async () => {
  const folder = await tinyWordModel("bert");
  const looked = async (words: Record<string, string>, template = "{text}:{answer}", maxLength = 8) =>
    await requireModels(
      await cellsOf({
        ...study([folder]),
        head: { name: "language-model", templates: [template], words },
        training: { ...presets.smoke.study.training, maxLength },
      }),
      worker,
      new AbortController().signal,
    );
  await looked({ negative: "n", positive: "p" });
  await assert.rejects(looked({ negative: "n", positive: "great" }), {
    name: "UsageError",
    message: 'Cannot use the word "great" for a label: it must have one token, as it stands for a mask, it has 5',
  });
  await assert.rejects(looked({ negative: "n", positive: "p" }, "{text} was:{answer}", 6), {
    name: "UsageError",
    message: 'Cannot use the template "{text} was:{answer}": it must leave room for a text within 6 tokens, it takes 6',
  });
});

Deno.test("a model that ends the worker which looks at it is named", async () => {
  const [intact, panicking] = [await makeFolder(whole), new URL("./panicking-worker.ts", import.meta.url)];
  await assert.rejects(
    requireModels(await cellsOf(study([intact])), panicking, new AbortController().signal),
    (error: Error) =>
      !(error instanceof UsageError) && error.message.startsWith(`Cannot look at the model ${intact}: `),
  );
});

Deno.test("a model whose cells all have records is not looked at again", () =>
  inFolder({}, async (out) => {
    const folder = await makeFolder(whole);
    await bench(study([folder]), { worker, out });
    const panicking = new URL("./panicking-worker.ts", import.meta.url);
    assert.equal((await bench(study([folder]), { worker: panicking, out })).recorded, 4);
  }));
