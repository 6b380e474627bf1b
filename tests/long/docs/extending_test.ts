import assert from "node:assert/strict";
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { devices } from "../../../engine/devices/mod.ts";
import { Random } from "../../../base/random.ts";
import { readStored } from "../../../engine/safetensors.ts";
import { type Tensor, tf } from "../../../engine/tensor.ts";
import type { Executable } from "../../../engine/types.ts";
import { compose } from "../../../methods/adaptation/compose.ts";
import { methods } from "../../../methods/mod.ts";
import { parseOptions } from "../../../methods/shared/options.ts";
import type { Method } from "../../../methods/types.ts";
import { models } from "../../../models/mod.ts";
import type { Backbone, Model } from "../../../models/types.ts";
import { collateExamples, encodeTexts } from "../../../runs/training/examples.ts";
import { cellsOf } from "../../../runs/launch/cells.ts";
import { trainingDefaults } from "../../../runs/study/training-defaults.ts";
import { presets } from "../../../runs/study/presets.ts";
import { runCell } from "../../../runs/training/run-cell.ts";
import { splitExamples } from "../../../runs/training/split.ts";
import { train } from "../../../runs/training/train.ts";
import { trainableClassifier } from "../../../runs/programs/classifier.ts";
import { metrics } from "../../../tasks/metrics.ts";
import { tasks } from "../../../tasks/mod.ts";
import { hashTaskFiles } from "../../../tasks/task-files.ts";
import type { Task } from "../../../tasks/types.ts";
import { blocksIn, pages, root } from "../../docs/pages.ts";
import { inFolder } from "../../in-folder.ts";
import { type Arrays, assertClose, compileBoth } from "../../engine/compare.ts";
import { collateClasses } from "../../runs/training/tiny-training.ts";
import { tinyBackbone } from "../../models/use-lite/tiny.ts";

/** A folder for the examples, for the cache and for results. */
const folder = await Deno.makeTempDir({ prefix: "tunebench-docs-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
Deno.env.set("TUNEBENCH_CACHE", `${folder}/cache`);

const files = await writeExamples();
const { default: addedBias } = await load<{ default: Method }>("docs/plugins/added-bias.ts");
const { outputScale } = await load<{ outputScale: Method }>("methods/output-scale.ts");
const { feedback } = await load<{ feedback: Task }>("tasks/feedback.ts");
const { wordnetOrganism } = await load<{ wordnetOrganism: Task }>("tasks/wordnet-organism.ts");
const { default: randomWords } = await load<{ default: Model }>("docs/plugins/random-words.ts");

/** Writes the files that pages show. */
async function writeExamples(): Promise<Map<string, string>> {
  const written = new Map<string, string>();
  for (const { file, code } of blocksIn("ts")) {
    if (file !== undefined) written.set(file, await writeExample(file, code));
  }
  return written;
}

/** Writes the programs that pages show, which have no names. */
function writePrograms(): Promise<string[]> {
  const programs = blocksIn("ts").filter(({ file }) => file === undefined);
  return Promise.all(programs.map(({ code }, at) => writeExample(`program-${at}.ts`, code)));
}

function isExample(path: string): boolean {
  return blocksIn("ts").some(({ file }) => file === path);
}

/** Writes a file; what it imports from the project, other examples aside, is imported from where it lies. */
async function writeExample(file: string, code: string): Promise<string> {
  const at = pathToFileURL(join(root, file));
  const target = join(folder, file);
  await Deno.mkdir(dirname(target), { recursive: true });
  await Deno.writeTextFile(
    target,
    code.replace(/(from ")(\.[^"]+)"/g, (_, before, to) => {
      const path = relative(root, fileURLToPath(new URL(to, at)));
      return `${before}${pathToFileURL(join(isExample(path) ? folder : root, path)).href}"`;
    }),
  );
  return target;
}

function load<T>(path: string): Promise<T> {
  return import(`file://${files.get(path)}`);
}

/** The example method on a backbone, for the example task. */
function adapted(backbone: Backbone, headLearningRate = 3e-3) {
  const adaptation = compose([{ method: outputScale, options: parseOptions(outputScale, {}) }], backbone);
  return { adaptation, model: trainableClassifier(backbone, adaptation, wordnetOrganism.labels, headLearningRate) };
}

Deno.test("the examples are complete files, and they and the programs of other pages are type-checked", async () => {
  assert.deepEqual([...files.keys()], [
    "docs/plugins/added-bias.ts",
    "methods/output-scale.ts",
    "tasks/feedback.ts",
    "tests/tasks/feedback_test.ts",
    "tasks/wordnet-organism.ts",
    "docs/plugins/feedback.ts",
    "docs/plugins/random-words.ts",
  ]);
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["check", "--config", join(root, "deno.json"), ...files.values(), ...await writePrograms()],
    env: { NO_COLOR: "1" },
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
});

Deno.test("the method of README.md adds its vectors to outputs, and trains as many values as its closed form says", async () => {
  const backbone = await tinyBackbone(1);
  const { count, parameters, hooks } = addedBias;
  const options = parseOptions(addedBias, {});
  const added = parameters(backbone, options);
  assert.equal(added.reduce((sum, { shape: [out] }) => sum + out, 0), count(backbone, options));
  const tensors = Object.fromEntries(added.map(({ name, shape }) => [name, tf.fill([...shape], 2)]));
  const { linear } = hooks(tensors, backbone, options, (_, x) => x);
  const [site] = backbone.linears;
  const y = tf.ones([3, site.out]) as Tensor;
  assert.deepEqual(new Set(linear!(site, y, y, {}).dataSync()), new Set([3]));
});

Deno.test("the example method trains as many values as its closed form says", async () => {
  const { adaptation, model } = adapted(await tinyBackbone(1));
  // Outputs of qkv, attention, residual, feed-forward in and out of layer 0; the same without residual of layer 1; pooler.
  const outputs = [24, 12, 12, 20, 12, 36, 12, 20, 12, 10].reduce((sum, size) => sum + size);
  assert.equal(adaptation.count, outputs);
  const classifier = (10 + 1) * 2;
  const trained = model.parameters.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size), 0);
  assert.equal(trained, outputs + classifier);
});

Deno.test("the row that the page gives the example method in the tests has its count and options that it takes", () => {
  const [, options, count, variants] =
    /`"output-scale": \{ onUseLite: \{ options: (.*), count: (.*) \}, variants: (.*) \},`/
      .exec(pages.get("docs/extending.md")!.text)!;
  assert.equal(options, "{}");
  const parsed = parseOptions(outputScale, {});
  assert.equal(outputScale.count(models["use-lite"].shape, parsed), Number(count.replaceAll("_", "")));
  for (const raw of JSON.parse(variants.replaceAll("targets", '"targets"'))) {
    assert.ok(outputScale.parameters(models["use-lite"].shape, parseOptions(outputScale, raw)).length > 0);
  }
});

Deno.test("the example method's gradients on the devices cpu and js agree", async () => {
  const backbone = await tinyBackbone(2);
  const { model } = adapted(backbone);
  const executables = await compileBoth(model.loss.program, model.loss.signature, true);
  const random = new Random(4, "noise");
  const parameters: Arrays = {};
  for (const [name, values] of Object.entries(await model.start(0))) {
    parameters[name] = values.map((value) => value + 0.1 * random.normal());
  }
  const encoded = await Array.fromAsync(["a text", "another, longer one", "x"], (text) => backbone.encode(text, 32));
  const gradientsOn = async (executable: Executable): Promise<Arrays> => {
    const gradients = Object.fromEntries(
      Object.entries(parameters).map(([name, { length }]) => [name, new Float32Array(length)]),
    );
    const inputs = {
      ...backbone.collate(encoded),
      labels: { data: Int32Array.of(0, 1, 1), shape: [3] },
      weights: { data: Float32Array.of(0.5, 0.25, 0.25), shape: [3] },
    };
    await executable.run({ parameters, gradients, inputs });
    await executable.release();
    return gradients;
  };
  const [cpu, js] = [await gradientsOn(executables[0]), await gradientsOn(executables[1])];
  for (const [name, values] of Object.entries(js)) assert.ok(values.some((value) => value !== 0), name);
  assertClose(cpu, js, 1e-4, "gradient");
});

Deno.test("the example method lowers the loss when it is trained", async () => {
  const backbone = await tinyBackbone(3);
  const { model } = adapted(backbone, 1e-2);
  const { program, signature } = model.loss;
  const training = await devices.cpu.train(program, signature, model.parameters, { threads: 1 });
  const start = await model.start(0);
  await training.write(start);
  const random = new Random(5, "texts");
  const examples = Array.from({ length: 32 }, (_, at) => {
    const letters = at % 2 === 0 ? "abcdef" : "opqrst";
    const text = Array.from({ length: 4 + random.integer(8) }, () => letters[random.integer(6)]).join("");
    return { id: String(at), text, label: at % 2 };
  });
  const encoded = await encodeTexts(backbone, examples, 32);
  const { stepLoss } = await train({
    seed: 0,
    spec: { ...trainingDefaults, epochs: 20, maxLength: 32 },
    training,
    examples: collateExamples(backbone.collate, encoded, examples, collateClasses),
    onStep() {},
    onEpoch: () => Promise.resolve(),
  });
  const trained = await training.read();
  await training.release();
  assert.ok(Math.abs(stepLoss[0] - Math.log(2)) < 1e-5, "a classifier of zeros finds both classes equally likely");
  assert.ok(stepLoss.at(-1)! < 0.5 * stepLoss[0], stepLoss.join(" "));
  for (const [name, values] of Object.entries(start)) assert.notDeepEqual(trained[name], values, name);
});

/** Lines of 200 sentences, as many complaints as praise. */
const sentences = Array.from(
  { length: 200 },
  (_, at) =>
    at % 2 === 0
      ? `The parcel number ${at} came late and broken.\tcomplaint`
      : `Thank you for parcel ${at}, well done!\tpraise`,
);
const feedbackFiles = { "feedback.tsv": ["text\tlabel", ...sentences, ""].join("\n") };

Deno.test("the example task of a file reads its sentences, and refuses a label that it does not know", async () => {
  const read = async (folder: string) => await feedback.load(await hashTaskFiles(folder, feedback.files!));
  await inFolder(feedbackFiles, async (folder) => {
    const { pool } = await read(folder);
    assert.deepEqual(pool!.length, 200);
    assert.deepEqual(pool![1], { id: "3", text: "Thank you for parcel 1, well done!", label: 1 });
  });
  await inFolder({ "feedback.tsv": "text\tlabel\nIt is.\tneutral\n" }, async (folder) => {
    await assert.rejects(read(folder), /the label in line 2 must be complaint or praise, current value is neutral$/);
  });
  await assert.rejects(async () => await feedback.load(), /Cannot read the task feedback: its files must be given/);
});

Deno.test("the example task of a file is trained on with the command's data sizes", () =>
  inFolder(feedbackFiles, async (taskFiles) => {
    tasks[feedback.name] = feedback;
    models[randomWords.name] = randomWords;
    const { study } = presets.smoke;
    const [cell] = await cellsOf({
      ...study,
      models: ["random-words"],
      tasks: ["feedback"],
      methods: ["linear-probe"],
      taskFiles,
    });
    const run = { threads: 1, out: folder, keep: false, onProgress() {} };
    const { scores } = await runCell(cell.spec, { ...run, taskFiles: cell.taskFiles });
    assert.ok(scores.test.accuracy > 0.9);
  }));

Deno.test("the example task is loaded, split and scored", async () => {
  const { pool } = await wordnetOrganism.load();
  assert.ok(pool);
  assert.deepEqual([0, 1].map((label) => pool.filter((example) => example.label === label).length), [500, 500]);
  const shrubs = pool.filter(({ text }) => /\bshrubs?\b/.test(text)).map(({ label }) => wordnetOrganism.labels[label]);
  assert.ok(shrubs.length > 20);
  assert.deepEqual(new Set(shrubs), new Set(["plant"]));
  assert.deepEqual(await wordnetOrganism.load(), { pool });
  const splits = splitExamples({ pool }, { train: 300, validation: 150, test: 400 }, 0);
  const texts = Object.values(splits).flat().map(({ text }) => text.toLowerCase());
  assert.equal(new Set(texts).size, 850);
  const truth = splits.test.map(({ label }) => label);
  const scores = wordnetOrganism.metrics.map((name) => metrics[name].compute(truth, truth.map(() => 0)));
  // Always "animal" in a balanced set: accuracy 1/2, F1 2/3 and 0, no correlation.
  assert.deepEqual(scores, [1 / 2, 1 / 3, 0]);
});

Deno.test("the example model opens, and its features are those of the formula", async () => {
  const backbone = await randomWords.open();
  const [table, weight, bias] = await Promise.all(
    ["embeddings", "pooler.weight", "pooler.bias"].map((name) => readStored(backbone.stored[name])),
  );
  const encoded = await Array.fromAsync(
    ["The cat sat", "on the mat, the CAT", "!"],
    (text) => backbone.encode(text, 128),
  );
  assert.deepEqual(encoded.map(({ length }) => length), [3, 5, 0]);
  assert.equal(encoded[0][1], encoded[1][4]);
  const expected = encoded.flatMap((ids) => {
    const mean = (at: number) => ids.reduce((sum, id) => sum + table[id * 128 + at], 0) / Math.max(1, ids.length);
    return Array.from(bias, (shift, out) => {
      let y = shift;
      for (let at = 0; at < 128; at++) y += mean(at) * weight[at * 256 + out];
      return Math.tanh(y);
    });
  });
  const { model } = adapted(backbone);
  const { program, signature } = model.backboneFeatures;
  for (const executable of await compileBoth(program, signature)) {
    const found = await executable.run({ parameters: {}, inputs: backbone.collate(encoded) });
    assertClose(found, { features: Float32Array.from(expected) }, 1e-5, "features");
    await executable.release();
  }
});

Deno.test("rows added to the tables at run time make a cell that passes every check", async () => {
  methods[addedBias.name] = addedBias;
  methods[outputScale.name] = outputScale;
  tasks[wordnetOrganism.name] = wordnetOrganism;
  models[randomWords.name] = randomWords;
  const cells = await cellsOf({
    ...presets.quick.study,
    models: ["random-words"],
    tasks: ["wordnet/organism"],
    methods: ["added-bias", "output-scale", "output-scale+prompt-tuning"],
    seeds: [1],
    data: { train: 600, validation: 50, test: 350 },
  });
  for (const { spec } of cells) {
    const { scores, checks, parameters } = await runCell(spec, {
      threads: 1,
      out: folder,
      keep: false,
      onProgress() {},
    });
    // A value for each of the 256 outputs of the one linear map; a prompt of 8 tokens of width 128.
    const joined = spec.method.length === 2;
    assert.equal(parameters.method, 256 + (joined ? 8 * 128 : 0));
    const names = checks.integrity.map(({ name }) => name);
    assert.equal(names.includes("identity at the start"), !joined);
    assert.deepEqual(checks.flags.filter(({ raised }) => raised), []);
    // Half the texts are animals: four standard errors above a coin.
    assert.ok(scores.test.accuracy > 0.5 + 4 * Math.sqrt(0.25 / 350), JSON.stringify(scores));
  }
});
