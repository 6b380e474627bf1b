import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { findFolder } from "../../../models/mod.ts";
import { openPredictor } from "../../../runs/predict/predictor.ts";
import { asLanguageModel } from "../../../runs/programs/language-model.ts";
import { type AnyTensor, goldenConfig, goldenTensors, makeFolder, safetensors } from "./copies.ts";

/** Opens a golden model with tensors added to its file. */
async function openWith(
  architecture: string,
  added: (tensors: Record<string, AnyTensor>) => Record<string, AnyTensor>,
) {
  const tensors = await goldenTensors(architecture);
  const folder = await makeFolder({
    "config.json": { ...await goldenConfig(architecture), tie_word_embeddings: true },
    "model.safetensors": safetensors({ ...tensors, ...added(tensors) }),
  });
  return await (await findFolder(folder)).open();
}

/** A tensor with another first value. */
function changed(tensor: AnyTensor): AnyTensor {
  const bytes = tensor.bytes.slice();
  new Float32Array(bytes.buffer)[0] += 1;
  return { ...tensor, bytes };
}

const words = { qwen2: "model.embed_tokens.weight", gpt2: "transformer.wte.weight", t5: "shared.weight" };

Deno.test("what scores the next token is the file's own tensor where it differs from word embeddings that the config ties to it", async () => {
  for (const [architecture, name] of Object.entries(words)) {
    const plain = asLanguageModel(await openWith(architecture, () => ({})));
    assert(!Object.hasOwn(plain.weights, "lm_head.weight"), architecture);
    const copied = asLanguageModel(await openWith(architecture, (tensors) => ({ "lm_head.weight": tensors[name] })));
    assert.deepEqual(copied.weights, plain.weights, architecture);
    assert(!Object.hasOwn(copied.stored, "lm_head.weight"), architecture);
    const other = asLanguageModel(
      await openWith(architecture, (tensors) => ({ "lm_head.weight": changed(tensors[name]) })),
    );
    assert.deepEqual(other.weights["lm_head.weight"], plain.weights[name], architecture);
    assert(Object.hasOwn(other.stored, "lm_head.weight"), architecture);
  }
});

Deno.test("copies of T5's word embeddings in its stacks are left out, and others are refused", async () => {
  const name = "encoder.embed_tokens.weight";
  await openWith("t5", (tensors) => ({ [name]: tensors["shared.weight"] }));
  await assert.rejects(
    openWith("t5", (tensors) => ({ [name]: changed(tensors["shared.weight"]) })),
    /^Error: Cannot use .*: encoder\.embed_tokens\.weight must be equal to shared\.weight, to which it is tied, it is another$/,
  );
});

Deno.test("a model that is tied by its config and has two heads generates as transformers does", async () => {
  const root = fileURLToPath(new URL("../../golden/cases/two-heads", import.meta.url));
  const expected: string[] = JSON.parse(await Deno.readTextFile(`${root}/expected-two.json`));
  const predictor = await openPredictor({ model: `${root}/tied-but-two`, adapters: [`${root}/adapter`], threads: 1 });
  const texts = (await Deno.readTextFile(`${root}/input.txt`)).trimEnd().split("\n");
  const answers = await Array.fromAsync(predictor.predict(texts));
  await predictor.release();
  assert.equal(answers.length, expected.length);
  for (const [at, answer] of answers.entries()) {
    assert("generated" in answer);
    // A letter that is not complete after the last expected token stands there as U+FFFD.
    assert(
      answer.generated.startsWith(expected[at].replace(/\ufffd+$/, "")),
      `${answer.generated} for ${expected[at]}`,
    );
  }
});
