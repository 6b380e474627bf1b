import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { cpu } from "../../../engine/devices/cpu.ts";
import type { Device } from "../../../engine/types.ts";
import { devices } from "../../../engine/devices/mod.ts";
import { compose } from "../../../methods/adaptation/compose.ts";
import { models } from "../../../models/mod.ts";
import { validateAdapter } from "../../../runs/adapters/validate.ts";
import { openPredictor } from "../../../runs/predict/predictor.ts";
import type { Answer, Classified, Line } from "../../../runs/predict/types.ts";
import { adapterValues } from "../../../runs/adapters/values.ts";
import { trainableClassifier } from "../../../runs/programs/classifier.ts";
import { UsageError } from "../../../base/errors.ts";
import { tasks } from "../../../tasks/mod.ts";
import type { Task } from "../../../tasks/types.ts";
import { makeFolder } from "../../models/folder/copies.ts";
import { byPrompt, out, TESTED, train, type Trained } from "./trained.ts";

const textsOf = ({ test }: Trained, adapter?: string): Line[] =>
  test.map(({ text, pair }) => ({ text, pair, adapter }));
const labelsOf = (answers: readonly Answer[]) => answers.map((answer) => (answer as Classified).label);

/** Answers of a predictor with these adapters. */
async function answers(adapters: string[], lines: (Line | string)[]): Promise<Classified[]> {
  const predictor = await openPredictor({ model: "use-lite", adapters, threads: 1 });
  const answers = await Array.fromAsync(predictor.predict(lines));
  await predictor.release();
  return answers as Classified[];
}

function assertNear(answer: Classified, expected: Classified, tolerance: number): void {
  assert.equal(answer.label, expected.label);
  for (const [label, probability] of Object.entries(expected.probabilities)) {
    assert(Math.abs(answer.probabilities[label] - probability) <= tolerance, `${label} ${probability}`);
  }
}

Deno.test("adapters of three tasks are chosen line by line, and predict what their runs predicted", async () => {
  const lines: Line[] = [];
  const expected: string[] = [];
  for (let at = 0; at < TESTED; at++) {
    for (const { test, predicted, spec } of byPrompt) {
      lines.push({ text: test[at].text, pair: test[at].pair, adapter: spec.task.name });
      expected.push(predicted[at]);
    }
  }
  const mixed = await answers(byPrompt.map(({ folder }) => folder), lines);
  assert.deepEqual(labelsOf(mixed), expected);
  for (const [which, one] of byPrompt.entries()) {
    const alone = await answers([one.folder], textsOf(one));
    alone.forEach((answer, at) => assertNear(mixed[3 * at + which], answer, 1e-6));
  }
});

Deno.test("probabilities are the softmax of the logits of the model that was trained", async () => {
  const [{ folder, spec, test }] = byPrompt;
  const backbone = await models["use-lite"].open();
  const valid = await validateAdapter(folder, backbone);
  const model = trainableClassifier(
    backbone,
    compose(valid.parts, backbone),
    (tasks[spec.task.name] as Task).labels,
    0,
  );
  const executable = await cpu.compile(model.logits.program, model.logits.signature, { threads: 1 });
  const values = await adapterValues(valid, backbone);
  const parameters = Object.fromEntries(Object.entries(values).map(([name, { data }]) => [name, data]));
  for (const { text, probabilities } of await answers([folder], test.slice(0, 5).map(({ text }) => text))) {
    const inputs = backbone.collate([await backbone.encode(text, 64)]);
    const { logits: [first, second] } = await executable.run({ parameters, inputs });
    const ofFirst = 1 / (1 + Math.exp(second - first));
    const [one, other] = Object.values(probabilities);
    assert(Math.abs(one - ofFirst) < 1e-6 && Math.abs(other - (1 - ofFirst)) < 1e-6, `${one} ${ofFirst}`);
  }
  await executable.release();
});

Deno.test("adapters of every method answer side by side what their runs predicted", async () => {
  const every = ["full", "linear-probe", "bitfit", "ln-tuning", "p-tuning", "prefix-tuning", "lora", "ia3", "adapter"];
  const runs: Trained[] = [byPrompt[0]];
  const others = [
    ...every,
    "lora+prompt-tuning",
    { "prompt-tuning": { virtualTokens: 2 }, "prefix-tuning": { reparameterisation: 8 }, "bitfit": {} },
  ];
  for (const method of others) runs.push(await train(method, "sentiment/amazon"));
  const predictor = await openPredictor({ model: "use-lite", adapters: runs.map(({ folder }) => folder), threads: 1 });
  // Of one task, adapters are told apart by their folders.
  const names = predictor.adapters.map(({ name }) => name);
  assert.deepEqual(names, runs.map(({ folder }) => folder.split("/").at(-1)));
  const lines = runs.flatMap((run, at) => textsOf(run, names[at]));
  const labels = labelsOf(await Array.fromAsync(predictor.predict(lines)));
  runs.forEach(({ predicted, spec }, at) =>
    assert.deepEqual(labels.slice(TESTED * at, TESTED * (at + 1)), predicted, JSON.stringify(spec.method))
  );
  await predictor.release();
});

Deno.test("adapters of one form share one program, whatever their number and classes", async () => {
  let compiled = 0;
  const counting: Device = {
    ...cpu,
    name: "counting",
    compile: (program, signature, options) => {
      if (Object.keys(signature.weights).length > 0) compiled++;
      assert(!options.small);
      return cpu.compile(program, signature, options);
    },
  };
  Object.assign(devices, { counting });
  const adapters = byPrompt.map(({ folder }) => folder);
  const predictor = await openPredictor({ adapters, device: "counting" });
  assert.equal(compiled, 1);
  assert.deepEqual(
    predictor.adapters.map(({ labels }) => labels.length),
    byPrompt.map(({ spec }) => (tasks[spec.task.name] as Task).labels.length),
  );
  await predictor.release();
  Reflect.deleteProperty(devices, "counting");
});

Deno.test("a line without an adapter is answered by every one, in the order given", async () => {
  const mixed = await answers(byPrompt.map(({ folder }) => folder), ["It never works.", {
    text: "b",
    adapter: "wordnet/verb",
  }]);
  assert.deepEqual(mixed.map(({ adapter, text }) => [adapter, text]), [
    ["sentiment/amazon", "It never works."],
    ["brown/negation", "It never works."],
    ["wordnet/verb", "It never works."],
    ["wordnet/verb", "b"],
  ]);
});

Deno.test("answers come before the input ends, and those to texts of too many tokens are marked as truncated", async () => {
  const predictor = await openPredictor({ adapters: [byPrompt[0].folder], threads: 1 });
  let answered = 0;
  async function* lines() {
    for (const text of ["One.", "Two.", "word ".repeat(64), "word ".repeat(65)]) {
      const before = answered;
      yield text;
      // The next line is written when this one has its answer.
      while (answered === before) await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
  const cut: (true | undefined)[] = [];
  for await (const { truncated } of predictor.predict(lines())) {
    answered++;
    cut.push(truncated);
  }
  assert.deepEqual(cut, [undefined, undefined, undefined, true]);
  await predictor.release();
});

Deno.test("a line that cannot be answered is refused in one sentence", async () => {
  const [one, other] = byPrompt.map(({ folder }) => folder);
  const predictor = await openPredictor({ adapters: [one, other], threads: 1 });
  const wrong: [Line | string, RegExp][] = [
    [" ", /^it must have a text, it is empty$/],
    [
      { text: "a", adapter: "sentiment/amazn" },
      /^Cannot find adapter sentiment\/amazn: the nearest name is sentiment\/amazon$/,
    ],
    [{ text: "a", adapter: "__proto__" }, /^Cannot find adapter __proto__/],
  ];
  for (const [line, message] of wrong) {
    const refused = (error: unknown) => error instanceof UsageError && message.test(error.message);
    assert.throws(() => predictor.check(line), refused);
    await assert.rejects(Array.fromAsync(predictor.predict([line])), refused);
  }
  await predictor.release();
});

/** A copy of the first adapter under the same folder name, with another note. */
async function copyAdapter(change: (note: { model: { revision: string }; task: { labels: string[] } }) => void) {
  const [{ folder }] = byPrompt;
  const note = JSON.parse(await Deno.readTextFile(`${folder}/tunebench.json`));
  change(note);
  return await makeFolder({
    "tunebench.json": note,
    "adapter_config.json": await Deno.readTextFile(`${folder}/adapter_config.json`),
    "adapter_model.safetensors": await Deno.readFile(`${folder}/adapter_model.safetensors`),
  }, folder.split("/").at(-1));
}

Deno.test("an adapter or a model that cannot be opened is refused in one sentence", async () => {
  const [{ folder: one }] = byPrompt;
  const bert = fileURLToPath(new URL("../../golden/A/bert", import.meta.url));
  const refused: [Parameters<typeof openPredictor>[0], RegExp][] = [
    [{ adapters: [] }, /^Cannot predict: there must be an adapter, there is none$/],
    [{ adapters: [`${out}/none`], model: "use-lite" }, /^Cannot read the adapter .*none: there must be such a folder$/],
    [
      { adapters: [one], model: "use-lit" },
      /^Cannot find model use-lit: the nearest name is use-lite; models of the hub are named org\/name, .*$/,
    ],
    [{ adapters: [one], device: "cpuu" }, /^Cannot find device cpuu: the nearest name is cpu$/],
    [
      { adapters: [one], model: `${bert}/model` },
      /^Cannot use the adapter .*: it was trained on the model use-lite with the revision 0\.2\.0, current value is model with the revision [0-9a-f]{64}$/,
    ],
    [
      { adapters: [`${bert}/cls/lora/adapter`] },
      /^Cannot choose a model: --model must name it, as the folder .* does not$/,
    ],
    [{ adapters: [`${bert}/cls/lora/adapter`], model: "use-lite" }, /^Cannot /],
    [
      { adapters: [await copyAdapter((note) => note.model.revision = "0.1.0")] },
      /^Cannot use the adapter .* revision 0\.1\.0, current value is use-lite with the revision 0\.2\.0$/,
    ],
    [
      { adapters: [await copyAdapter((note) => note.task.labels.push("neither"))] },
      /must name its 2 classes, each once, current value is \["negative","positive","neither"\]$/,
    ],
    [
      { adapters: [await copyAdapter((note) => note.task.labels[0] = note.task.labels[1])] },
      /must name its 2 classes, each once, current value is \["positive","positive"\]$/,
    ],
    [
      { adapters: [one, await copyAdapter(() => {})] },
      /^Cannot tell the adapters apart: their folders must differ in name, two/,
    ],
  ];
  for (const [options, message] of refused) {
    await assert.rejects(openPredictor(options), (error) => {
      assert(error instanceof UsageError, String(error));
      assert.match(error.message, message);
      return true;
    });
  }
});
