import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { cpu } from "../../engine/devices/cpu.ts";
import { Random } from "../../base/random.ts";
import type { Feed } from "../../engine/types.ts";
import { compose } from "../../methods/adaptation/compose.ts";
import { architectures, findFolder } from "../../models/mod.ts";
import { trainableClassifier } from "../../runs/programs/classifier.ts";
import { difference } from "../models/eager.ts";
import { variant } from "./variants.ts";

const golden = fileURLToPath(new URL("../golden/A", import.meta.url));
const texts = [[7, 8, 9, 10, 11], [12, 13, 14]];

/** What golden_test.ts has no values for on every architecture. */
const joined = [
  [variant("adapter", { placement: "pfeiffer" })],
  [variant("ia3"), variant("lora", { rank: 2, dora: true }), variant("ln-tuning"), variant("adapter")],
];

for await (const { name: arch } of Deno.readDir(golden)) {
  if (!Object.hasOwn(architectures, arch)) continue;
  for (const parts of joined) {
    const title = parts.map(({ title }) => title).join(" + ");
    Deno.test(`on ${arch}, ${title} starts at the backbone, and all it trains has a gradient`, async () => {
      const backbone = await (await findFolder(`${golden}/${arch}/model`)).open();
      const adaptation = compose(parts, backbone);
      const { features, loss, parameters, start } = trainableClassifier(backbone, adaptation, ["no", "yes"], 1e-3);
      const inputs: Feed["inputs"] = {
        ...backbone.collate(texts),
        labels: { data: Int32Array.of(1, 0), shape: [2] },
        weights: { data: Float32Array.of(0.5, 0.5), shape: [2] },
      };
      const values = await start(1);
      const plain = await cpu.compile(
        ({ weights, inputs }) => ({ features: backbone.forward(weights, inputs, {}) }),
        { weights: backbone.stored, parameters: {}, inputs: backbone.inputs },
        { threads: 1 },
      );
      const adapted = await cpu.compile(features.program, features.signature, { threads: 1 });
      const { labels: _, weights: __, ...featureInputs } = inputs;
      const before = await plain.run({ inputs: featureInputs, parameters: {} });
      const after = await adapted.run({ inputs: featureInputs, parameters: values });
      assert(difference(before.features, after.features) < 1e-5);

      const random = new Random(1, "away from the start");
      const moved = Object.fromEntries(
        Object.entries(values).map(([name, start]) => [name, start.map((value) => value + 0.1 * random.normal())]),
      );
      const gradients = Object.fromEntries(
        parameters.map(({ name }) => [name, new Float32Array(values[name].length)]),
      );
      const training = await cpu.compile(loss.program, loss.signature, { gradients: true, threads: 1 });
      await training.run({ inputs, parameters: moved, gradients });
      for (const [name, gradient] of Object.entries(gradients)) {
        assert(gradient.some((value) => Math.abs(value) > 1e-9), `${name} has no gradient`);
      }
      const trained = adaptation.parameters.length + adaptation.trains.length;
      assert(trained > 0 && Object.keys(gradients).length > trained);
      for (const executable of [plain, adapted, training]) await executable.release();
    });
  }
}
