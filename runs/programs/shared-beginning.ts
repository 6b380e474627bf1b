/**
 * What all texts of a decoder begin with, read once: its keys and values stand before each text as those of a prefix do, and each text goes
 * on behind them.
 * @module
 */
import { sizeOf } from "../../base/shapes.ts";
import type { Executable } from "../../engine/types.ts";
import { type Adaptation, compose } from "../../methods/adaptation/compose.ts";
import type { SignedProgram } from "./classifier.ts";
import { type LanguageBackbone, trainableLanguageModel } from "./language-model.ts";

/** Number of tokens that all texts begin with; of each text one token at least is behind them. */
export function lengthOfBeginning(texts: readonly (readonly number[])[]): number {
  const [first = [], ...others] = texts;
  const most = others.reduce((least, { length }) => Math.min(least, length - 1), first.length - 1);
  const differs = first.findIndex((token, at) => at >= most || others.some((text) => text[at] !== token));
  return Math.max(0, differs);
}

/**
 * The model behind a beginning. The keys and values of it are parameters, "keys.0", "values.0" … [length, d_kv], which
 * {@linkcode readBeginning} gives.
 */
export function behindBeginning(backbone: LanguageBackbone, length: number): Adaptation {
  const parameters = backbone.keyValueWidths.flatMap((width, layer) =>
    [`keys.${layer}`, `values.${layer}`].map((name) => {
      const shape = [length, width];
      return { name, shape, learningRate: 0, start: () => new Float32Array(sizeOf(shape)) };
    })
  );
  return {
    ...compose([], backbone),
    parameters,
    hooks: (tensors) => ({
      prefix: (layer) => ({ keys: tensors[`keys.${layer}`], values: tensors[`values.${layer}`] }),
    }),
  };
}

/** The keys and values of a beginning, as {@linkcode behindBeginning} takes them. */
export async function readBeginning(
  backbone: LanguageBackbone,
  beginning: readonly number[],
  compile: (program: SignedProgram) => Promise<Executable>,
): Promise<Record<string, Float32Array>> {
  const executable = await compile(trainableLanguageModel(backbone, compose([], backbone)).read);
  const { scores: _, ...outputs } = await executable.run({ parameters: {}, inputs: backbone.collate([beginning]) });
  // The device may use the memory again.
  const copies = Object.entries(outputs).map(([name, values]) => [name, values.slice()]);
  await executable.release();
  return Object.fromEntries(copies);
}
