import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { openTokenizer } from "../../../../models/tokenizers/tokenizer.ts";
import type { ReadingModel } from "../../../../models/types.ts";
import { openWordReader } from "../../../../runs/training/words/word-reader.ts";
import { inFolder } from "../../../in-folder.ts";

/** What transformers makes of texts in templates (tests/golden/templates.py). */
interface Value {
  template: string;
  text: string;
  pair: string;
  ids: number[];
  answer?: number;
  /** The ids of the text with each word in it. */
  answered?: number[][];
  /** The ids of each word as a text of its own. */
  words?: number[][];
}

const golden = fileURLToPath(new URL("../../../golden/", import.meta.url));
const kinds: Record<string, { folder: string; words: string[]; values: Value[] }> = JSON.parse(
  await Deno.readTextFile(`${golden}templates.json`),
);
const MASK = 4;

/** A model of a kind, as far as templates need one. */
async function openModel(folder: string, kind: string): Promise<ReadingModel> {
  const target = kind === "t5" ? { target: { start: 0, inputs: {} } } : {};
  const isMasked = kind === "bert" || kind === "roberta";
  const form = isMasked ? { maskToken: MASK } : { languageModel: target };
  return { ...await openTokenizer(folder, 600), ...form } as unknown as ReadingModel;
}

/** Calls `work` with a model of a kind. */
async function withModel(kind: string, work: (model: ReadingModel) => Promise<void>): Promise<void> {
  const { folder } = kinds[kind];
  if (kind !== "bert" && kind !== "roberta") return await work(await openModel(golden + folder, kind));
  const names = kind === "bert" ? ["vocab.txt"] : ["vocab.json", "merges.txt"];
  const files = await Array.fromAsync(
    names,
    async (name) => [name, await Deno.readTextFile(`${golden}${folder}/${name}`)] as const,
  );
  await inFolder(Object.fromEntries(files), async (folder) => await work(await openModel(folder, kind)));
}

for (const [kind, { words, values }] of Object.entries(kinds)) {
  Deno.test(`texts in templates and the words of labels have the ids of transformers: ${kind}`, () =>
    withModel(kind, async (model) => {
      assert(values.length >= 15);
      for (const { template, text, pair, ...expected } of values) {
        const reader = await openWordReader(model, { template, words: words.map((word) => [word]) });
        const encoded = await reader.encode(text, 512, pair);
        const { answer } = encoded;
        assert.deepEqual([...encoded], expected.ids, JSON.stringify({ template, text }));
        assert.equal(answer, expected.answer);
        const ids = reader.words.map(([tokens]) => [...tokens]);
        if (expected.words) assert.deepEqual(ids, expected.words);
        else {
          const place = answer ?? encoded.length;
          const answered = ids.map((tokens) => [...encoded.slice(0, place), ...tokens, ...encoded.slice(place + 1)]);
          assert.deepEqual(answered, expected.answered, JSON.stringify({ template, text }));
        }
      }
    }));
}

Deno.test("long texts of a pair are cut inside a template, the longer one first, and the template stays whole", () =>
  withModel("gpt2", async (model) => {
    const template = "{text}? {pair}! It was {answer}.";
    const { encode } = await openWordReader(model, { template, words: [["cat"], ["dog"]] });
    const read = async (limit: number) => {
      const ids = await encode("a cat a dog a cat a dog", limit, "hello world");
      assert(ids.length <= limit);
      return await model.decode!(ids);
    };
    assert.equal(await read(100), "a cat a dog a cat a dog? hello world! It was");
    const cut = await read(14);
    assert.match(cut, /^a cat a(?: dog)?\? hello world! It was$/);
    const frame = (await model.tokenize!("? ! It was")).length;
    for (const limit of [frame - 1, frame]) {
      await assert.rejects(read(limit), {
        message:
          `Cannot use the template "${template}": it must leave room for a text within ${limit} tokens, it takes ${frame}`,
      });
    }
  }));

Deno.test("the template's own words are the tokens that they are behind a text, those behind a mask included", async () => {
  await withModel("llama", async (model) => {
    const { frame } = await openWordReader(model, { template: "{text} It was {answer}.", words: [["cat"], ["dog"]] });
    const [whole, text] = [await model.tokenize!("hello. It was"), await model.tokenize!("hello.")];
    assert.deepEqual(frame, whole.slice(text.length));
  });
  await withModel("bert", async (model) => {
    const template = "Hello: {text} {label list}? {answer}!";
    const { frame } = await openWordReader(model, { template, words: [["cat"], ["dog"]] });
    assert.deepEqual(frame, await model.tokenize!("Hello: cat or dog? !"));
  });
});

Deno.test("a mask in a text of the user's is not the one that stands for the answer", () =>
  withModel("bert", async (model) => {
    const { encode } = await openWordReader(model, { template: "{text} {answer}, {pair}", words: [["cat"], ["dog"]] });
    const ids = await encode("the [MASK] sat", 64, "[MASK]");
    assert.deepEqual([...ids].filter((id) => id === MASK).length, 3);
    assert.equal(ids.answer, 4);
  }));

const refused: [what: string, kind: string, template: string, words: string[][], message: string][] = [
  [
    "a word of several tokens for a mask",
    "bert",
    "{text} {answer}",
    [["dog"], ["unhappy"]],
    'Cannot use the word "unhappy" for a label: it must have one token, as it stands for a mask, it has 3',
  ],
  [
    "a word that two labels have",
    "gpt2",
    "{text} {answer}",
    [["dog", "cat"], ["cat"]],
    'Cannot use the word "cat" for a label: words must differ for the model, it is there twice',
  ],
  [
    "words that are one for an uncased model",
    "bert",
    "{text} {answer}",
    [["dog"], ["Dog"]],
    'Cannot use the word "Dog" for a label: words must differ for the model, it is there twice',
  ],
  [
    "a word that the tokenizer does not know",
    "bert",
    "{text} {answer}",
    [["dog"], ["zebra"]],
    'Cannot use the word "zebra" for a label: the model\'s tokenizer must know it, it does not',
  ],
  [
    "a word that merges with what stands before it",
    "gpt2",
    "{text} ca{answer}",
    [["t"], ["dog"]],
    'Cannot use the word "t" for a label: it must stand apart from the text before it, in the template "{text} ca{answer}" it does not',
  ],
];

for (const [what, kind, template, words, message] of refused) {
  Deno.test(`${what} is refused`, () =>
    withModel(kind, async (model) => {
      await assert.rejects(openWordReader(model, { template, words }), { message });
    }));
}

Deno.test("a model without a tokenizer, or a masked one without a mask, is refused", () =>
  withModel("bert", async (model) => {
    const head = { template: "{text} {answer}", words: [["dog"], ["cat"]] };
    await assert.rejects(openWordReader({ ...model, tokenize: undefined }, head), {
      message: "Cannot put texts into a template: the model must have a tokenizer, it has none",
    });
    await assert.rejects(openWordReader({ ...model, maskToken: undefined }, head), {
      message: "Cannot put texts into a template: the model's tokenizer must have a mask, it has none",
    });
  }));
