/** Inputs that users brought, in tests/golden/cases, with the values of transformers and of the tokenizers library. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { openTokenizer } from "../../../models/tokenizers/tokenizer.ts";
import { openPredictor } from "../../../runs/predict/predictor.ts";

const cases = fileURLToPath(new URL("../../golden/cases/", import.meta.url));
const readJson = async (path: string) => JSON.parse(await Deno.readTextFile(`${cases}${path}`));

/** `auto`: ids through AutoTokenizer. */
interface Value {
  text: string;
  pair?: string;
  auto: number[];
}

for await (const { name } of Deno.readDir(`${cases}tokenizers`)) {
  Deno.test(`the tokenizer ${name} gives the ids of transformers`, async () => {
    const { vocab_size: rows } = await readJson(`tokenizers/${name}/config.json`);
    const tokenizer = await openTokenizer(`${cases}tokenizers/${name}`, rows);
    const values: Value[] = await readJson(`tokenizers/${name}/values.json`);
    assert(values.length > 20);
    for (const { text, pair, auto } of values) {
      assert.deepEqual([...await tokenizer.encode(text, 10_000, pair)], auto, JSON.stringify({ text, pair }));
    }
  });
}

/** Compares the probabilities of an adapter's answers with transformers' and PEFT's. */
async function compareAnswers(model: string, adapter: string, texts: string, expected: string): Promise<void> {
  const predictor = await openPredictor({ model: `${cases}${model}`, adapters: [`${cases}${adapter}`] });
  const lines = (await Deno.readTextFile(`${cases}${texts}`)).trimEnd().split("\n");
  const answers = (await Array.fromAsync(predictor.predict(lines))) as { probabilities: Record<string, number> }[];
  await predictor.release();
  const values: number[][] = await readJson(expected);
  assert.equal(answers.length, values.length);
  for (const [at, { probabilities }] of answers.entries()) {
    Object.values(probabilities).forEach((probability, label) =>
      assert(Math.abs(probability - values[at][label]) < 1e-5, `${lines[at]}: ${probability}, ${values[at][label]}`)
    );
  }
}

Deno.test("markers that were added to an uncased vocabulary have ids of their own", () =>
  compareAnswers(
    "added-tokens/bert",
    "added-tokens/adapter-bert",
    "added-tokens/markers.txt",
    "added-tokens/expected.json",
  ));

Deno.test("where tokenizer_config.json and tokenizer.json disagree on case, the former counts, as in transformers", () =>
  compareAnswers(
    "settings-disagree/config-says-cased",
    "settings-disagree/adapter-config-says-cased",
    "settings-disagree/input.txt",
    "settings-disagree/expected.json",
  ));
