/**
 * A real GGUF file, SmolLM2-135M-Instruct.gguf, compared with the model folder beside it that another program made of the
 * file. See peer.ts for where they are.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { cpu } from "../../engine/devices/cpu.ts";
import { readBytes, readHeader } from "../../engine/safetensors.ts";
import { compose } from "../../methods/adaptation/compose.ts";
import { findFolder } from "../../models/mod.ts";
import type { Backbone } from "../../models/types.ts";
import { asLanguageModel, trainableLanguageModel } from "../../runs/programs/language-model.ts";
import { ignore as ignoreAll, SMOLLM2 } from "./peer.ts";

const GGUF = `${SMOLLM2}.gguf`;
const ignore = ignoreAll || !await Deno.stat(GGUF).then(({ isFile }) => isFile, () => false);
const THREADS = 2;

const TEXTS = [
  "The capital of France is Paris, isn't it? They've said: \"we'll see\" — O'Neill's 3rd.",
  " leading, trailing and   many    spaces   \n\n\t\ttabs\r\n\r\n  lines\u00a0no break\u3000wide ",
  "def f(x):\n    return {'a': x ** 2, \"b\": [1, 22, 333, 4444]}\n",
  "Größe, naïve café, Съешь же ещё этих мягких булок, Ξεσκεπάζω την ψυχοφθόρα",
  "敏捷的棕色狐狸跳过懒狗。素早い茶色の狐、カタカナ。빠른 갈색 여우",
  "مرحبا بالعالم שלום עולם नमस्ते दुनिया ภาษาไทย e\u0301 a\u0308",
  "😀👍🏽 👨‍👩‍👧‍👦 🏳️‍🌈 🇬🇧 mixed😀with words",
  "½ Ⅷ ٣٤٥ १२३ 𝟘𝟙𝟚 digits of all kinds",
  "<|im_start|>user\nhello<|im_end|>\n<|endoftext|> <|notatoken|> <repo_name>",
  "\u0000\u0001\u007f\ufeff\u200b\ufffd",
  "x".repeat(500),
  "The quick brown fox jumps over the lazy dog. ".repeat(100),
];

/** For each token of the texts, the logits of the token after it. */
async function logits(backbone: Backbone, texts: readonly string[]): Promise<Float32Array> {
  const model = asLanguageModel(backbone);
  const { scores } = trainableLanguageModel(model, compose([], model));
  const executable = await cpu.compile(scores.program, scores.signature, { threads: THREADS });
  const { scores: result } = await executable.run({
    parameters: {},
    inputs: model.collate(await Array.fromAsync(texts, (text) => model.tokenize!(text))),
  });
  await executable.release();
  return result;
}

Deno.test({
  name: "SmolLM2: the weights of the GGUF file are those of the folder, byte by byte",
  ignore,
  async fn() {
    const { folder } = await findFolder(GGUF);
    const [headers, expected] = await Promise.all(
      [folder!, SMOLLM2].map((path) => readHeader(`${path}/model.safetensors`)),
    );
    assert.deepEqual(Object.keys(headers).sort(), Object.keys(expected).sort());
    for (const [name, entry] of Object.entries(expected)) {
      assert.deepEqual(headers[name].shape, entry.shape);
      const pieces = readBytes(headers[name]);
      for await (const piece of readBytes(entry)) {
        const { value } = await pieces.next();
        assert(value && Buffer.compare(piece, value) === 0, name);
      }
    }
  },
});

Deno.test({
  name: "SmolLM2: texts have the same tokens and logits from the GGUF file as from the folder",
  ignore,
  async fn() {
    const [file, folder] = await Promise.all([GGUF, SMOLLM2].map(async (path) => (await findFolder(path)).open()));
    for (const text of TEXTS) {
      const ids = await folder.tokenize!(text);
      assert.deepEqual(await file.tokenize!(text), ids, JSON.stringify(text));
      assert.deepEqual([...await file.encode(text, 64)], [...await folder.encode(text, 64)]);
      assert.equal(await file.decode!(ids), await folder.decode!(ids));
    }
    const few = TEXTS.slice(0, 7);
    assert.deepEqual(await logits(file, few), await logits(folder, few));
  },
});
