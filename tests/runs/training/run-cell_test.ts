import assert from "node:assert/strict";
import { readSafetensors } from "../../../engine/safetensors.ts";
import { methods } from "../../../methods/mod.ts";
import type { CellResult } from "../../../runs/study/cell.ts";
import { cellsOf } from "../../../runs/launch/cells.ts";
import { presets } from "../../../runs/study/presets.ts";
import { knownScores } from "../../../runs/study/record.ts";
import { estimateCell } from "../../../runs/training/estimates/estimate-cell.ts";
import { runCell } from "../../../runs/training/run-cell.ts";
import { runId, type RunSpec } from "../../../runs/study/spec.ts";
import type { MethodEntry } from "../../../runs/study/study.ts";
import { inFolder } from "../../in-folder.ts";

async function smoke(method: MethodEntry, training: Partial<RunSpec["training"]> = {}): Promise<RunSpec> {
  const study = presets.smoke.study;
  return (await cellsOf({ ...study, methods: [method], training: { ...study.training, ...training } }))[0].spec;
}

function run(spec: RunSpec, out: string): Promise<CellResult> {
  return runCell(spec, { threads: 1, out, keep: false, onProgress() {} });
}

/** A result without what differs from run to run. */
function decided({ time: _, ...rest }: CellResult): string {
  return JSON.stringify(rest);
}

/** Runs with a method in the table for as long as that takes. */
async function withMethod<T>(name: string, changes: Record<string, unknown>, work: () => Promise<T>): Promise<T> {
  methods[name] = { ...methods.lora, ...changes, name };
  try {
    return await work();
  } finally {
    delete methods[name];
  }
}

Deno.test("the same spec gives the same bytes, dropout included, and another seed gives others", () =>
  inFolder({}, async (out) => {
    const spec = await smoke({ "lora": { dropout: 0.2 }, "prompt-tuning": {} });
    const first = await run(spec, out);
    const adapter = (name: string) => Deno.readFile(`${out}/adapters/${runId(spec)}/${name}/adapter_model.safetensors`);
    const stored = await adapter("prompt-tuning");
    assert.equal(decided(await run(spec, out)), decided(first));
    assert.deepEqual(await adapter("prompt-tuning"), stored);
    assert.notEqual(decided(await run({ ...spec, seed: 1 }, out)), decided(first));
    assert.deepEqual(first.checks.integrity.map(({ name }) => name), [
      "parameter count",
      "no test text in train",
      "finite values",
      "frozen weights",
    ]);
  }));

Deno.test("a run leaves its adapter in PEFT's form, of the size that it states", () =>
  inFolder({}, async (out) => {
    const spec = await smoke("lora");
    const { parameters, checks } = await run(spec, out);
    const folder = `${out}/adapters/${runId(spec)}`;
    const config = JSON.parse(await Deno.readTextFile(`${folder}/adapter_config.json`));
    assert.equal(config.peft_type, "LORA");
    const stored = await readSafetensors(`${folder}/adapter_model.safetensors`);
    const shapes = Object.fromEntries(Object.entries(stored).map(([name, { shape }]) => [name, shape]));
    assert.deepEqual(shapes, {
      "base_model.model.layers.0.attention.qkv.lora_A.weight": [8, 256],
      "base_model.model.layers.0.attention.qkv.lora_B.weight": [768, 8],
      "base_model.model.layers.1.attention.qkv.lora_A.weight": [8, 512],
      "base_model.model.layers.1.attention.qkv.lora_B.weight": [1536, 8],
      "base_model.model.classifier.weight": [2, 512],
      "base_model.model.classifier.bias": [2],
    });
    const values = Object.values(stored).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b), 0);
    assert.equal(parameters.storedBytes, 4 * values);
    assert.equal(parameters.trainable, 24_576 + 2 * 513);
    assert(checks.integrity.some(({ name }) => name === "identity at the start"));
  }));

Deno.test("training ends when the validation score has stood still for the epochs of the patience, and was the same until then", () =>
  inFolder({}, async (out) => {
    const spec = await smoke("linear-probe", { epochs: 12, patience: 0 });
    assert(!("patience" in spec.training));
    const whole = await run(spec, out);
    const scores = whole.curve.validation.map(({ accuracy }) => accuracy);
    assert.equal(scores.length, 12);
    for (const patience of [1, 2, 12]) {
      const end = scores.findIndex((_, epoch) =>
        epoch >= patience &&
        Math.max(...scores.slice(0, epoch - patience + 1)) >= Math.max(...scores.slice(0, epoch + 1))
      );
      const epochs = end < 0 ? 12 : end + 1;
      assert.equal(patience < 12, epochs < 12, scores.join());
      const short = await run({ ...spec, training: { ...spec.training, patience } }, out);
      assert.deepEqual(short.curve.validation, whole.curve.validation.slice(0, epochs));
      assert.deepEqual(short.curve.stepLoss, whole.curve.stepLoss.slice(0, 3 * epochs));
      assert.equal(short.bestEpoch, 1 + scores.indexOf(Math.max(...scores.slice(0, epochs))));
    }
  }));

Deno.test("a model tuned in full is kept on request only", () =>
  inFolder({}, async (out) => {
    const spec = await smoke("full");
    await run(spec, out);
    await assert.rejects(() => Deno.stat(`${out}/adapters/${runId(spec)}`), Deno.errors.NotFound);
    await runCell(spec, { threads: 1, out, keep: true, onProgress() {} });
    const stored = await readSafetensors(`${out}/adapters/${runId(spec)}/adapter_model.safetensors`);
    assert.deepEqual(stored["embeddings.word"].shape, [8002, 256]);
  }));

Deno.test("a run whose integrity is in doubt fails", () =>
  inFolder({}, async (out) => {
    await withMethod("miscounted", { count: () => 1 }, () =>
      assert.rejects(
        async () => run(await smoke("miscounted"), out),
        /Cannot trust the run: parameter count failed \(24576 values, closed form 1\)/,
      ));
    const shifted = () => ({ linear: (_: unknown, __: unknown, y: { add(by: number): unknown }) => y.add(1) });
    await withMethod("no-identity", { hooks: shifted }, () =>
      assert.rejects(async () =>
        run(await smoke("no-identity"), out), /identity at the start failed|the loss does not depend on it/));
    await assert.rejects(
      async () =>
        run(await smoke({ full: { learningRate: 1e30 } }), out),
      /the loss of step \d+ is (NaN|Infinity)|a logit is not a number/,
    );
  }));

Deno.test("a method that does not learn gives a result with a flag", () =>
  inFolder({}, async (out) => {
    const { checks, curve, scores } = await run(
      await smoke({ lora: { learningRate: 1e-12 } }, { headLearningRate: 1e-12 }),
      out,
    );
    assert.deepEqual(curve.stepLoss.map((loss) => loss.toFixed(4)), Array(3).fill(Math.log(2).toFixed(4)));
    const raised = checks.flags.filter((flag) => flag.raised).map(({ name }) => name);
    assert(scores.test.accuracy > knownScores(scores.majority)!.accuracy || raised.includes("score at majority"));
  }));

Deno.test("an estimate counts parameters in closed form, and plans more memory for more trained values", async () => {
  const [probe, lora, full] = await Promise.all(
    ["linear-probe", "lora", "full"].map(async (name) => estimateCell(await smoke(name))),
  );
  assert.equal(full.parameters.trainable, 6_975_744 + 2 * 513);
  assert.equal(full.planned.optimiser, 2 * 4 * full.parameters.trainable);
  assert.equal(full.planned.gradients, 4 * full.parameters.trainable);
  assert(probe.planned.total < lora.planned.total && lora.planned.total < full.planned.total);
  assert.equal(probe.parameters.method, 0);
});
