import assert from "node:assert/strict";
import { cpu } from "../../../engine/devices/cpu.ts";
import { type Tensor, type Tensors, tf } from "../../../engine/tensor.ts";
import { compose } from "../../../methods/adaptation/compose.ts";
import type { Backbone } from "../../../models/types.ts";
import { trainableClassifier } from "../../../runs/programs/classifier.ts";
import { asWordBackbone } from "../../../runs/programs/word-classifier.ts";
import type { RunSpec } from "../../../runs/study/spec.ts";
import { requireReadable } from "../../../runs/training/estimates/require-readable.ts";
import { difference, eagerWeights } from "../eager.ts";
import { goldenTensors } from "../folder/copies.ts";
import { expected, headOf, maskedTexts, openWith } from "./masked.ts";

/** The logits [texts, vocabulary] of every token at the masks of the texts, which are padded to one length. */
async function logitsOf(backbone: Backbone): Promise<number[]> {
  const weights = await eagerWeights(backbone);
  const logits = tf.tidy(() => {
    const collated = Object.entries(backbone.collate(maskedTexts));
    const inputs: Tensors = Object.fromEntries(
      collated.map(([name, { data, shape }]) => [name, tf.tensor(data, [...shape], backbone.inputs[name].dtype)]),
    );
    const length = inputs.ids.shape[1]!;
    const places = tf.tensor2d(maskedTexts.map(() => Array.from({ length }, (_, at) => at === 2 ? 1 : 0)));
    const { read, scores, scoresOf, scoreOfEach } = backbone.maskedLanguageModel!;
    const states = read(weights, inputs, places, {});
    const all = scores(weights, states);
    assert(difference(scoresOf(weights, states, tf.tensor1d([2], "int32")).dataSync(), chosen(all, [2, 2, 2])) < 1e-5);
    const each = [30, 2, 77];
    assert(difference(scoreOfEach(weights, states, tf.tensor1d(each, "int32")).dataSync(), chosen(all, each)) < 1e-5);
    return [...all.dataSync()];
  });
  tf.dispose(weights);
  return logits;
}

/** One entry of each row. */
function chosen(rows: Tensor, columns: readonly number[]): number[] {
  return columns.map((column, row) => rows.dataSync()[row * rows.shape[1]! + column]);
}

Deno.test("masked language models score the token at a mask as transformers does, by tied rows or by their own", async () => {
  for (const [name, rows] of Object.entries(expected.masked)) {
    const backbone = await openWith(name, await headOf(name));
    const error = difference(await logitsOf(backbone), rows.flat());
    assert(error < 1e-4, `${name}: ${error}`);
  }
});

Deno.test("masked language models open as transformers saves them, without a pooler, and only a classifier asks for one", async () => {
  for (const [name, rows] of Object.entries(expected.masked)) {
    const backbone = await openWith(name, await headOf(name), {}, expected.saved[name]);
    assert(difference(await logitsOf(backbone), rows.flat()) < 1e-4, name);
    const words = asWordBackbone({ ...backbone, maskToken: expected.mask });
    assert.deepEqual(Object.keys(words.weights).filter((weight) => !Object.hasOwn(words.stored, weight)), []);
  }
  const saved = expected.saved.bert;
  const bert = await openWith("bert", await headOf("bert"), {}, saved);
  const message =
    /^Cannot put a classifier on the model: .*, they lack bert\.pooler\.dense\.weight, as those of a masked/;
  assert.throws(() => trainableClassifier(bert, compose([], bert), ["no", "yes"], 0), { message });
  // Before a cell is trained, too.
  const cells = [{ spec: { training: {} } as RunSpec, seeds: [0] }];
  await assert.rejects(requireReadable(bert, cells), { message });
  await assert.rejects(
    openWith("bert", {}, {}, [...saved.filter((name) => name.startsWith("bert.")), "bert.pooler.dense.weight"]),
    /: it lacks the weights bert\.pooler\.dense\.bias$/,
  );
});

Deno.test("a copy of the word embeddings that a masked model's rows are tied to is left out, and others are used", async () => {
  const head = await headOf("bert");
  const rows = "cls.predictions.decoder.weight";
  const copy = (await goldenTensors())["bert.embeddings.word_embeddings.weight"];
  const copied = asWordBackbone({ ...await openWith("bert", { ...head, [rows]: copy }), maskToken: expected.mask });
  assert(!Object.hasOwn(copied.weights, rows));
  const { [rows]: own } = await headOf("bert-untied");
  const other = asWordBackbone({ ...await openWith("bert", { ...head, [rows]: own }), maskToken: expected.mask });
  assert(Object.hasOwn(other.weights, rows));
});

Deno.test("a checkpoint without the head of its language model opens, and says so where that is used", async () => {
  const bare = { ...await openWith("bert", {}), maskToken: expected.mask };
  assert.throws(
    () => asWordBackbone(bare),
    /^Error: Cannot use the model as a language model: its files must hold its language model's head, they lack cls\.predictions\.transform\.dense\.weight$/,
  );
  const { maskedLanguageModel: _, ...useLite } = bare;
  assert.throws(
    () => asWordBackbone(useLite),
    /^Error: Cannot score words: the model must have a language model's head, it has none$/,
  );
  const { "cls.predictions.decoder.weight": __, ...head } = await headOf("bert-untied");
  const untied = { ...await openWith("bert-untied", head), maskToken: expected.mask };
  assert.throws(() => asWordBackbone(untied), /they lack cls\.predictions\.decoder\.weight$/);
});

Deno.test("the mask is the tokenizer's: that of its settings, or else of its class", async () => {
  const pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "[BLANK]"];
  const head = await headOf("bert");
  const maskOf = async (vocabulary: string[], settings = {}) => {
    const files = { "vocab.txt": vocabulary.join("\n"), "tokenizer_config.json": settings };
    return (await openWith("bert", head, files)).maskToken;
  };
  assert.equal(await maskOf(pieces), 4);
  assert.equal(await maskOf(pieces, { mask_token: "[BLANK]" }), 6);
  assert.equal(await maskOf(pieces, { mask_token: { content: "[BLANK]" } }), 6);
  assert.equal(await maskOf(pieces, { mask_token: null }), undefined);
  const without = await openWith("bert", head);
  assert.equal(without.maskToken, undefined);
  assert.throws(() => asWordBackbone(without), /Cannot score words: the tokenizer must have a mask, it has none$/);
});

Deno.test("a classifier by features reads nothing of the head of a masked language model", async () => {
  const memoryWith = async (head: Awaited<ReturnType<typeof headOf>>) => {
    const backbone = await openWith("bert", head);
    const { answers: { program, signature } } = trainableClassifier(backbone, compose([], backbone), ["no", "yes"], 0);
    const executable = await cpu.compile(program, signature, { threads: 1 });
    const { weights } = executable.planMemory(2, 8);
    await executable.release();
    return weights;
  };
  assert.equal(await memoryWith(await headOf("bert-untied")), await memoryWith({}));
});
