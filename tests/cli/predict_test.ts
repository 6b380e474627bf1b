import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { cellsOf } from "../../runs/launch/cells.ts";
import { predictLines } from "../../cli/output/predict-lines.ts";
import { openPredictor } from "../../runs/predict/predictor.ts";
import type { Generated, PartialGeneration } from "../../runs/predict/types.ts";
import { presets } from "../../runs/study/presets.ts";
import { runCell } from "../../runs/training/run-cell.ts";
import { makeFolder } from "../models/folder/copies.ts";
import { runLines } from "./command-lines.ts";
import { byPrompt, out } from "../runs/predict/trained.ts";
import { addedToken } from "../../models/tokenizers/template.ts";

const cli = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));
const adapters = byPrompt.map(({ folder }) => folder);

/** A token for every printable ASCII character and the line break. */
const characters = [..."\n", ...Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at))];
const golden = (architecture: string) =>
  fileURLToPath(new URL(`../golden/${architecture === "t5" ? "T5A" : "A"}/${architecture}/model`, import.meta.url));
const writerFolder = async (architecture: string) =>
  await makeFolder({
    "config.json": await Deno.readTextFile(`${golden(architecture)}/config.json`),
    "model.safetensors": await Deno.readFile(`${golden(architecture)}/model.safetensors`),
    "tokenizer.json": {
      normalizer: null,
      pre_tokenizer: null,
      model: { type: "BPE", vocab: Object.fromEntries(characters.map((c, id) => [c, id])), merges: [] },
      post_processor: null,
      decoder: { type: "Fuse" },
      added_tokens: [addedToken("<end>", 97)],
    },
    "tokenizer_config.json": { tokenizer_class: "PreTrainedTokenizerFast" },
  }, "writer");

const pairs = (from: number, count: number) =>
  "mr,ref\n" + Array.from({ length: count }, (_, at) => `name[${from + at}],it is ${from + at}\n`).join("");
const taskFiles = await makeFolder({
  "trainset.csv": pairs(0, 4),
  "devset.csv": pairs(20, 2),
  "testset_w_refs.csv": pairs(40, 5),
});

/** What a call writes and complains about. */
async function predict(options: Partial<Parameters<typeof predictLines>[0]>, lines: string) {
  const input = `${await makeFolder({ lines })}/lines`;
  let written = "";
  const complaints: string[] = [];
  const status = await predictLines({ adapters, input, json: false, threads: 1, ...options }, {
    write: (text) => void (written += text),
    complain: (sentence) => void complaints.push(sentence),
  });
  return { status, written: written.split("\n").slice(0, -1), complaints };
}

Deno.test("answers are columns, or lines of JSON with every probability", async () => {
  const lines = 'Good.\r\n{"text": "He\\tnever came.", "adapter": "brown/negation"}';
  const columns = await predict({}, lines);
  assert.equal(columns.status, 0);
  assert.deepEqual(columns.written.map((line) => line.split("\t").slice(2)), [
    ["sentiment/amazon", "Good."],
    ["brown/negation", "Good."],
    ["wordnet/verb", "Good."],
    ["brown/negation", "He\\tnever came."],
  ]);
  const { written } = await predict({ json: true }, lines);
  written.map((line) => JSON.parse(line)).forEach(({ adapter, label, task, probabilities, text, ...others }, at) => {
    assert.deepEqual(others, {});
    assert.equal(task, adapter);
    assert.equal(text, at < 3 ? "Good." : "He\tnever came.");
    const each = Object.values(probabilities as Record<string, number>);
    assert(Math.abs(each.reduce((sum, value) => sum + value) - 1) < 1e-12);
    const [ofColumn, probability] = columns.written[at].split("\t");
    assert.equal(ofColumn, label);
    assert.equal(probability, Math.max(...each).toFixed(4));
  });
});

Deno.test("lines that cannot be answered are named, and the others are answered", async () => {
  const lines = [
    "Good.",
    "",
    "{bad",
    '{"text": 3}',
    '{"text": "a", "label": "b"}',
    '{"text": "a", "adapter": "sentiment/amazn"}',
    "a".repeat(131_073),
    "Bad.",
  ];
  const { status, written, complaints } = await predict({ adapters: adapters.slice(0, 2) }, lines.join("\n"));
  assert.equal(status, 1);
  assert.deepEqual(written.map((line) => line.split("\t")[3]), ["Good.", "Good.", "Bad.", "Bad."]);
  const expected = [
    /^Cannot answer line 2: it must have a text, it is empty$/,
    /^Cannot answer line 3: it must be JSON, as it starts with \{: /,
    /^Cannot answer line 4: it must be \{"text": .*text must be a text/,
    /^Cannot answer line 5: .*label/,
    /^Cannot answer line 6: Cannot find adapter sentiment\/amazn: the nearest name is sentiment\/amazon$/,
    /^Cannot answer line 7: it must have at most 131072 characters, it has more$/,
  ];
  assert.equal(complaints.length, expected.length);
  complaints.forEach((complaint, at) => assert.match(complaint, expected[at]));
  const nothing = await predict({}, "");
  assert.deepEqual([nothing.status, nothing.written], [1, []]);
  assert.deepEqual(nothing.complaints, ["Cannot predict: the input must have a line, it is empty"]);
  for (
    const [input, reason] of [[`${out}/none`, /there must be such a file$/], [
      out,
      /it must be a file, it is a folder/,
    ]] as const
  ) {
    await assert.rejects(predict({ input }, ""), (error) => {
      assert.match((error as Error).message, /^Cannot read the input /);
      assert.match((error as Error).message, reason);
      return true;
    });
  }
});

Deno.test("the command answers a line while its input is still open", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-P=command", cli, "predict", "--model", "use-lite", "--adapter", adapters.join(",")],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const input = child.stdin.getWriter();
  const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  for (const text of ["First.", "Second."]) {
    await input.write(new TextEncoder().encode(`${text}\n`));
    let answer = "";
    while (answer.split("\n").length < 4) answer += (await output.read()).value ?? assert.fail("the output has ended");
    assert.deepEqual(answer.match(/\S+$/gm), [text, text, text]);
  }
  await input.close();
  assert.equal((await output.read()).done, true);
  assert.equal(await new Response(child.stderr).text(), "");
  assert.equal((await child.status).code, 0);
});

Deno.test("a line on which the tokenizer ends its process fails alone, and the others are answered", async () => {
  const model = await makeFolder({
    "config.json": await Deno.readTextFile(`${golden("bert")}/config.json`),
    "model.safetensors": await Deno.readFile(`${golden("bert")}/model.safetensors`),
    "tokenizer.json": {
      normalizer: null,
      pre_tokenizer: { type: "Split", pattern: { Regex: " |(a+)+$" }, behavior: "Removed", invert: false },
      model: { type: "WordLevel", vocab: { good: 0, bad: 1 }, unk_token: "bad" },
      post_processor: null,
      decoder: null,
      added_tokens: [],
    },
    "tokenizer_config.json": { tokenizer_class: "PreTrainedTokenizerFast" },
  });
  const adapter = fileURLToPath(new URL("../golden/A/bert/cls/lora/adapter", import.meta.url));
  const input = `${await makeFolder({ lines: `good\n${"a".repeat(40)}b\nbad good\n` })}/lines`;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-P=command", cli, "predict", "--model", model, "--adapter", adapter, "--input", input],
    stdin: "null",
  }).output();
  const [answers, complaints] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes).trim().split("\n"));
  assert.equal(code, 1);
  assert.deepEqual(answers.map((line) => line.split("\t")[3]), ["good", "bad good"]);
  assert.equal(complaints.length, 1, complaints.join("\n"));
  assert.match(
    complaints[0],
    /^Cannot answer line 2: Cannot use the tokenizer .*: its library must not end on a text, it did/,
  );
});

Deno.test("wrong usage of the command ends with status 2 and one sentence", async () => {
  const wrong: [string[], RegExp][] = [
    [[], /required option '--adapter <folders>' not specified/],
    [["--adapter", `${out}/none`, "--model", "use-lite"], /^Cannot read the adapter .*: there must be such a folder$/],
    [["--adapter", adapters[0], "--input", `${out}/none`], /^Cannot read the input .*none/],
    [["--adapter", adapters[0], "--model", "use-lit"], /model use-lit: the nearest name is use-lite/],
    [["--adapter", ","], /^Cannot predict: there must be an adapter, there is none$/],
  ];
  for (const [at, { code, errors }] of (await runLines(wrong.map(([args]) => ["predict", ...args]))).entries()) {
    assert.equal(code, 2, errors);
    assert.match(errors.trim(), wrong[at][1]);
    assert.equal(errors.trim().split("\n").length, 1);
  }
});

for (const architecture of ["gpt2", "t5"]) {
  Deno.test(`${architecture}: mixed adapters generate the texts that their runs generated, token by token`, async () => {
    const folder = await writerFolder(architecture);
    const study = {
      models: [folder],
      tasks: ["e2e"],
      taskFiles,
      data: { train: 4, validation: 2, test: 5 },
      training: { epochs: 1, batchSize: 4, outputLength: 7 },
    };
    const names = ["lora", "prefix-tuning", "prompt-tuning", "lora+prompt-tuning"];
    const folders: string[] = [];
    const expected: string[][] = [];
    for (const method of names) {
      const [{ id, spec }] = await cellsOf({ ...presets.smoke.study, ...study, methods: [method] });
      const places = { folder, taskFiles, threads: 1, out, keep: false, onProgress() {} };
      const { predictions } = await runCell(spec, places);
      folders.push(`${out}/adapters/${id}`);
      const texts = predictions.map(({ id, predicted }) => [Number(id.split("/")[1]), String(predicted)] as const);
      expected.push(texts.sort(([a], [b]) => a - b).map(([, text]) => text));
    }
    const predictor = await openPredictor({ model: folder, adapters: folders, threads: 1 });
    const partial: PartialGeneration[] = [];
    const lines = expected[0].map((_, at) => `name[${40 + at}]`);
    const options = { onPartial: (one: PartialGeneration) => void partial.push(one) };
    const answers = await Array.fromAsync(predictor.predict(lines, options)) as Generated[];
    answers.forEach(({ adapter, text, generated }, at) => {
      const [line, by] = [Math.floor(at / names.length), at % names.length];
      assert.deepEqual([adapter, text], [predictor.adapters[by].name, lines[line]]);
      assert.equal(generated, expected[by][line], names[by]);
      const texts = partial.filter(({ answer }) => answer === at).map(({ generated }) => generated);
      assert(texts.length >= generated.length && texts.every((text) => generated.startsWith(text)));
      assert.equal(texts.at(-1), generated);
    });
    assert.throws(() => predictor.check({ text: "a", pair: "b" }), /it must be one text to go on with, as /);
    await predictor.release();
    // In columns, the adapter and the text stand before what grows; line breaks are written as in JSON.
    const { written } = await predict({ model: folder, adapters: [folders[0]] }, lines.join("\n"));
    assert.deepEqual(
      written.map((line) => line.split("\t").slice(1)),
      lines.map((text, at) => [text, expected[0][at].replaceAll("\n", "\\n")]),
    );
  });
}
