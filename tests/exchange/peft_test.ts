/**
 * Adapters that were trained here, loaded by PEFT; merged models, loaded by transformers. Opt-in: `deno task test:peft`.
 * TUNEBENCH_PYTHON names a Python with the packages of perf/requirements.txt; without it, nothing is tested.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { isFile } from "../../base/files.ts";
import { cpu } from "../../engine/devices/cpu.ts";
import { writeSafetensors } from "../../engine/safetensors.ts";
import { TrainingState } from "../../engine/adamw.ts";
import { type Adaptation, compose, type Part } from "../../methods/adaptation/compose.ts";
import { findFolder } from "../../models/mod.ts";
import { writeAdapter } from "../../runs/adapters/write.ts";
import { asLanguageModel, trainableLanguageModel } from "../../runs/programs/language-model.ts";
import { mergeAdapter } from "../../runs/adapters/merge.ts";
import { trainableClassifier } from "../../runs/programs/classifier.ts";
import { folders } from "../golden/files.ts";
import { Golden, type GoldenTask } from "../golden/golden.ts";
import { makeFolder } from "../models/folder/copies.ts";
import { variant } from "../methods/variants.ts";

const python = Deno.env.get("TUNEBENCH_PYTHON");
const golden = fileURLToPath(new URL("../golden/", import.meta.url));
const STEPS = 2;
const TOLERANCE = 1e-4;
const TASK_TYPES = { cls: "SEQ_CLS", lm: "CAUSAL_LM", s2s: "SEQ_2_SEQ_LM" };

/** A case for load.py, which describes the fields. */
interface Job {
  name: string;
  task: GoldenTask;
  model: string;
  base: string;
  classes: number;
  adapters: string[];
  merged: string | null;
  logits: string;
}

const asPeft = { reading: "peft" };
const prompt = variant("prompt-tuning", { virtualTokens: 3, start: "random", ...asPeft });
const prefix = variant("prefix-tuning", { prefixLength: 3, ...asPeft });
const lora = variant("lora", { rank: 3 });
const combinations: Part[][] = [
  [prompt],
  [variant("p-tuning", { virtualTokens: 3, hidden: 8, ...asPeft })],
  [variant("p-tuning", { virtualTokens: 3, hidden: 8, encoder: "lstm", ...asPeft })],
  [prefix],
  [variant("prefix-tuning", { prefixLength: 3, reparameterisation: 8, ...asPeft })],
  [lora],
  [variant("lora", { rank: 3, dora: true })],
  [variant("vera", { rank: 5, projectionSeed: 3 })],
  [variant("vera", { rank: 5, projectionSeed: 3 }), prompt],
  [variant("ia3")],
  [variant("ln-tuning")],
  [lora, prompt],
  [lora, prefix],
  [variant("bitfit")],
  [variant("full")],
  [variant("linear-probe")],
];

/** Trains a method for some steps; returns the trained values and the logits that they give. */
async function trainSteps(values: Golden, parts: Part[], adaptation: Adaptation) {
  const { task, labels } = values;
  const trainable = task === "cls"
    ? trainableClassifier(values.backbone, adaptation, labels, 0.01)
    : trainableLanguageModel(asLanguageModel(values.backbone), adaptation);
  const { loss, logits, parameters, inputs } = await values.trainable(parts, 0.01);
  const executable = await cpu.compile((args) => ({ ...logits(args), ...loss.program(args) }), loss.signature, {
    gradients: true,
    threads: 1,
  });
  const state = await TrainingState.create(parameters.map((parameter) => ({ ...parameter, learningRate: 0.01 })));
  for (const [name, start] of Object.entries(await trainable.start(1))) state.parameters[name].set(start);
  let outputs: Record<string, Float32Array> = {};
  for (let step = 0; step <= STEPS; step++) {
    outputs = await executable.run({ inputs, parameters: state.parameters, gradients: state.gradients });
    if (step < STEPS) state.step(1, { beta1: 0.9, beta2: 0.999, epsilon: 1e-4, weightDecay: 0, clip: Infinity });
  }
  await executable.release();
  return {
    trained: Object.fromEntries(parameters.map(({ name, shape }) => [name, { shape, data: state.parameters[name] }])),
    logits: task === "s2s" ? values.cut(outputs.logits, values.base.logits) : outputs.logits,
  };
}

/** Trains a method and writes its adapter, the merged model where it can be merged, and the logits into a folder. */
async function exportCase(values: Golden, parts: Part[]): Promise<Job> {
  const { task, arch, root, headNames, labels } = values;
  const backbone = task === "cls" ? values.backbone : asLanguageModel(values.backbone);
  const adaptation = compose(parts, backbone);
  const { trained, logits } = await trainSteps(values, parts, adaptation);
  const out = await makeFolder({});
  const model = await findFolder(`${root}/${arch}/model`);
  await writeAdapter(`${out}/adapter`, adaptation, trained, headNames, {
    peft: { task_type: TASK_TYPES[task], ...task !== "cls" && { modules_to_save: null } },
    note: {
      version: 1,
      run: "test",
      model: { name: "tiny", revision: model.revision },
      task: { name: "test", version: 1, kind: task === "cls" ? "classification" : "generation", labels },
      method: parts.map(({ method, options }) => ({ name: method.name, options: { ...options } })),
      maxLength: 16,
    },
  });
  await writeSafetensors(`${out}/logits.safetensors`, { logits: { shape: [logits.length], data: logits.slice() } });
  const canMerge = parts.every(({ method, options }) =>
    method.merged || method.parameters(backbone, options).length === 0
  );
  if (canMerge) await mergeAdapter(`${out}/adapter`, `${out}/merged`, model);
  const stored = Object.entries(adaptation.stored);
  const isPeft = stored.every(([, { config }]) => config !== null);
  const folder = (part: string) => stored.length === 1 ? `${out}/adapter` : `${out}/adapter/${part}`;
  const name = parts.map(({ method }) => method.name).join("+");
  return {
    name: `${arch}/${task}/${name} ${JSON.stringify(parts.map(({ options }) => options))}`,
    task,
    model: `${root}/${arch}/model`,
    base: `${root}/${arch}/base_${task}.safetensors`,
    classes: labels.length,
    adapters: isPeft ? stored.map(([part]) => folder(part)) : [],
    merged: canMerge ? `${out}/merged` : null,
    logits: `${out}/logits.safetensors`,
  };
}

/** Every combination of methods on every golden model and task. */
async function exportCases(): Promise<Job[]> {
  const jobs: Job[] = [];
  for (const root of ["A", "T5A"]) {
    for (const arch of await folders(golden + root)) {
      for (const task of ["cls", "lm", "s2s"] as const) {
        if (!await isFile(`${golden}${root}/${arch}/base_${task}.safetensors`)) continue;
        const values = await Golden.open(golden + root, arch, task);
        for (const parts of combinations) {
          const [{ method: { name } }] = parts;
          // These would train nothing: there is no classifier, or there are no biases.
          if (name === "linear-probe" && task !== "cls") continue;
          if (name === "bitfit" && values.backbone.biases.length === 0) continue;
          jobs.push(await exportCase(values, parts));
        }
      }
    }
  }
  return jobs;
}

Deno.test({
  name: "PEFT and transformers give the logits of adapters and merged models that were made here",
  ignore: !python,
  async fn(t) {
    const jobs = await exportCases();
    const list = `${await makeFolder({ "jobs.json": jobs })}/jobs.json`;
    const { success, stdout, stderr } = await new Deno.Command(python!, {
      args: [fileURLToPath(new URL("load.py", import.meta.url)), list],
    }).output();
    assert(success, new TextDecoder().decode(stderr).slice(-2000));
    const results: { name: string; loaded: number | null; merged: number | null }[] = JSON.parse(
      new TextDecoder().decode(stdout),
    );
    for (const kind of ["loaded", "merged"] as const) {
      const compared = results.filter((result) => result[kind] !== null);
      const worst = compared.toSorted((a, b) => b[kind]! - a[kind]!)[0];
      // As a step, so that it is printed under --quiet, too.
      await t.step(
        `${kind}: ${compared.length} cases, worst difference ${worst[kind]!.toExponential(1)} (${worst.name})`,
        () => {
          const wrong = compared.filter((result) => !(result[kind]! <= TOLERANCE)).map(({ name, [kind]: by }) =>
            `${name}: ${by}`
          );
          assert.deepEqual(wrong, []);
        },
      );
    }
  },
});
