/**
 * The contract of a model.
 * @module
 */
import { sizeOf } from "../../../base/shapes.ts";
import { cpu } from "../../../engine/devices/cpu.ts";
import type { Backbone, Hooks, Model } from "../../../models/types.ts";
import { expect, type Rule } from "./types.ts";

/** Texts of different lengths. */
const TEXTS = ["One text.", "Another one, which is somewhat longer.", "x"];

/** Greatest change of a text's features by its company in a batch. */
const COMPANY = 1e-4;

/** The rules of a model. */
export function modelChecks(model: Model): Rule[] {
  let opened: Promise<Backbone> | undefined;
  const open = () => opened ??= model.open();
  return [
    ["it opens with the weights that its shape says", async () => {
      const backbone = await open();
      const { weights } = model.shape;
      for (const [name, shape] of Object.entries(weights)) {
        const stored = backbone.stored[name];
        expect(stored !== undefined, `${name} is not stored`);
        expect(
          String(stored.shape) === String(shape),
          `${name} has the shape [${stored.shape}], it must be [${shape}]`,
        );
        const { size } = await Deno.stat(stored.path);
        expect(stored.offset + 4 * sizeOf(shape) <= size, `${name} lies beyond the end of ${stored.path}`);
      }
      const count = Object.values(weights).reduce((sum, shape) => sum + sizeOf(shape), 0);
      return `${count} values in ${Object.keys(weights).length} weights`;
    }],
    ["it reads texts as tokens of its vocabulary", async () => {
      const backbone = await open();
      for (const text of TEXTS) {
        const ids = await backbone.encode(text, 4);
        expect(ids.length <= 4, `${ids.length} tokens are read where 4 are asked for`);
        const strange = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= backbone.vocabularySize);
        expect(strange === undefined, `the token ${strange} is none of ${backbone.vocabularySize}`);
      }
      return `${backbone.vocabularySize} tokens`;
    }],
    ["a forward pass gives finite features, which do not depend on other texts of the batch", async () => {
      const backbone = await open();
      const all = await features(backbone, TEXTS);
      expect(all.length === TEXTS.length * backbone.featureWidth, `there are ${all.length} of ${TEXTS.length} texts`);
      expect(all.every(Number.isFinite), "some are not finite");
      const alone = await features(backbone, TEXTS.slice(0, 1));
      const moved = alone.reduce((most, value, at) => Math.max(most, Math.abs(value - all[at])), 0);
      expect(moved <= COMPANY, `they move by ${moved.toPrecision(3)} beside longer texts`);
      return `${backbone.featureWidth} a text`;
    }],
    ["methods reach each linear map that it names", async () => {
      const backbone = await open();
      const reached = new Set<string>();
      await features(backbone, TEXTS, {
        linear: ({ name }, _x, y) => {
          reached.add(name);
          return y;
        },
      });
      const missed = backbone.linears.find(({ name }) => !reached.has(name));
      expect(missed === undefined, `${missed?.name} is not`);
      return `${backbone.linears.length} maps`;
    }],
  ];
}

/** Features of texts. */
async function features(backbone: Backbone, texts: readonly string[], hooks: Hooks = {}): Promise<Float32Array> {
  const executable = await cpu.compile(
    ({ weights, inputs }) => ({ features: backbone.forward(weights, inputs, hooks) }),
    { weights: backbone.stored, parameters: {}, inputs: backbone.inputs },
    { threads: 1 },
  );
  const encoded = await Promise.all(texts.map((text) => backbone.encode(text, backbone.maxLength)));
  const found = await executable.run({ parameters: {}, inputs: backbone.collate(encoded) });
  await executable.release();
  return found.features;
}
