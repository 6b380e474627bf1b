import assert from "node:assert/strict";
import { cpu } from "../../../../engine/devices/cpu.ts";
import { Random } from "../../../../base/random.ts";
import type { Feed } from "../../../../engine/types.ts";
import { compose } from "../../../../methods/adaptation/compose.ts";
import { models } from "../../../../models/mod.ts";
import type { CellResult } from "../../../../runs/study/cell.ts";
import { cellsOf } from "../../../../runs/launch/cells.ts";
import { presets } from "../../../../runs/study/presets.ts";
import { runCell } from "../../../../runs/training/run-cell.ts";
import type { RunSpec } from "../../../../runs/study/spec.ts";
import { trainableClassifier } from "../../../../runs/programs/classifier.ts";
import { variant } from "../../../methods/variants.ts";
import { inFolder } from "../../../in-folder.ts";

/** Cosine of the angle between all of two sets of arrays, and the ratio of their lengths. */
function compare(a: Feed["parameters"], b: Feed["parameters"]) {
  const dot = (x: typeof a, y: typeof a) =>
    Object.keys(x).reduce((sum, name) => x[name].reduce((inner, value, at) => inner + value * y[name][at], sum), 0);
  return { cosine: dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)), ratio: Math.sqrt(dot(a, a) / dot(b, b)) };
}

const texts = [
  "The plot is thin, but every actor gives a performance to remember.",
  "Broke after two days.",
  "I would not recommend this place to anyone who likes food.",
  "Great value, fast delivery, and it does what it says!",
];

for (
  const part of [
    variant("lora", { rank: 4 }),
    variant("lora", { rank: 4, dora: true }),
    variant("prompt-tuning", { virtualTokens: 8 }),
    variant("prefix-tuning", { prefixLength: 8 }),
  ]
) {
  Deno.test(`gradients of ${part.title} through use-lite in int8 point where those in float32 point`, async () => {
    const backbone = await models["use-lite"].open();
    const { loss: { program, signature }, start } = trainableClassifier(backbone, compose([part], backbone), [
      "no",
      "yes",
    ], 1e-3);
    const random = new Random(1, "away from the start");
    // Factors and classifiers that start as zeros would stop the gradient.
    const parameters = Object.fromEntries(
      Object.entries(await start(0)).map((
        [name, values],
      ) => [name, values.map((value) => value + 0.02 * random.normal())]),
    );
    const inputs: Feed["inputs"] = {
      ...backbone.collate(await Array.fromAsync(texts, (text) => backbone.encode(text, backbone.maxLength))),
      labels: { data: Int32Array.of(1, 0, 0, 1), shape: [4] },
      weights: { data: new Float32Array(4).fill(1 / 4), shape: [4] },
    };
    const [float, int8] = await Promise.all((["float32", "int8"] as const).map(async (precision) => {
      const executable = await cpu.compile(program, signature, { threads: 1, gradients: true, precision });
      const gradients = Object.fromEntries(
        Object.entries(parameters).map(([name, values]) => [name, new Float32Array(values.length)]),
      );
      const { loss } = await executable.run({ parameters, inputs, gradients });
      await executable.release();
      // Those of the classifier, which int8 touches little, would hide the method's.
      return {
        loss: loss[0],
        gradients: Object.fromEntries(Object.entries(gradients).filter(([name]) => name.includes("/"))),
      };
    }));
    const { cosine, ratio } = compare(int8.gradients, float.gradients);
    assert.ok(cosine >= 0.95 && cosine < 1 - 1e-9, `cosine ${cosine}`);
    assert.ok(Math.abs(ratio - 1) <= 0.1, `ratio of lengths ${ratio}`);
    assert.ok(Math.abs(int8.loss - float.loss) <= 0.02 * float.loss, `loss ${int8.loss}, in float32 ${float.loss}`);
  });
}

function run(spec: RunSpec): Promise<CellResult> {
  return inFolder({}, (out) => runCell(spec, { threads: 1, out, keep: false, onProgress() {} }));
}

async function smoke(method: string, precision: string): Promise<RunSpec> {
  const { study } = presets.smoke;
  return (await cellsOf({ ...study, methods: [method], precision, training: { epochs: 2 } }))[0].spec;
}

/** A result without what differs from run to run. */
function decided({ time: _, ...rest }: CellResult): unknown {
  return rest;
}

Deno.test("a cell in int8 starts at the backbone in int8, learns, needs fewer bytes of weights, and repeats bit by bit", async () => {
  const [float, int8] = [await run(await smoke("lora", "float32")), await run(await smoke("lora", "int8"))];
  assert.deepEqual(decided(await run(await smoke("lora", "int8"))), decided(int8));
  assert.ok(int8.checks.integrity.some(({ name }) => name === "identity at the start"));
  const frozen = ({ checks }: CellResult) => checks.integrity.find(({ name }) => name === "frozen weights");
  assert.deepEqual(frozen(int8), frozen(float));
  const { stepLoss } = int8.curve;
  assert.ok(stepLoss.at(-1)! < stepLoss[0] && stepLoss[0].toFixed(4) === Math.log(2).toFixed(4), `losses ${stepLoss}`);
  assert.notDeepEqual(stepLoss, float.curve.stepLoss);
  assert.ok(int8.planned.weights < 0.7 * float.planned.weights);
});

Deno.test("the features of a linear probe are those of the backbone in int8", async () => {
  const [float, int8] = [
    await run(await smoke("linear-probe", "float32")),
    await run(await smoke("linear-probe", "int8")),
  ];
  assert.notDeepEqual(int8.curve.stepLoss, float.curve.stepLoss);
  int8.curve.stepLoss.forEach((loss, step) =>
    assert.ok(Math.abs(loss - float.curve.stepLoss[step]) <= 0.02, `${step}`)
  );
});
