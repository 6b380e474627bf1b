/**
 * Scores of words beside those that transformers and PEFT compute.
 * @module
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { readText } from "../../../base/files.ts";
import type { Device, Precision } from "../../../engine/types.ts";
import { type Adaptation, compose, type Part } from "../../../methods/adaptation/compose.ts";
import { findFolder } from "../../../models/mod.ts";
import type { Encoding } from "../../../models/types.ts";
import { validateAdapter } from "../../../runs/adapters/validate.ts";
import { adapterParameters, readPart } from "../../../runs/adapters/values.ts";
import { requireDerivative } from "../../../runs/plugins/check/gradient.ts";
import type { SignedProgram } from "../../../runs/programs/classifier.ts";
import {
  asWordBackbone,
  type LabelWords,
  type WordBackbone,
  wordClassifier,
} from "../../../runs/programs/word-classifier.ts";
import { type Arrays, assertClose, compileBoth } from "../../engine/compare.ts";

const golden = fileURLToPath(new URL("../../golden/", import.meta.url));

/** What transformers computes: architecture → method → text → word. */
export const values: {
  texts: number[][];
  words: number[][];
  causal: Record<string, Record<string, number[][]>>;
} = JSON.parse(await readText(`${golden}word-scores/values.json`, 1 << 20));

/** Token ids of texts and words. */
export const { texts, words } = values;
/** Every architecture with the methods that there are scores of, "none" among them. */
export const cases: [architecture: string, method: string][] = Object.entries(values.causal)
  .flatMap(([architecture, methods]) => Object.keys(methods).map((method): [string, string] => [architecture, method]));

function rootOf(architecture: string): string {
  return `${golden}${architecture === "t5" ? "T5A" : "A"}/${architecture}`;
}

/** The golden model of an architecture. */
export async function openGolden(architecture: string): Promise<WordBackbone> {
  return asWordBackbone(await (await findFolder(`${rootOf(architecture)}/model`)).open());
}

/** The method of a golden adapter with its parameters; none for "none". */
export async function readMethod(
  architecture: string,
  method: string,
  backbone: WordBackbone,
): Promise<{ adaptation: Adaptation; parameters: Record<string, Float32Array> }> {
  if (method === "none") return { adaptation: compose([], backbone), parameters: {} };
  const folder = `${rootOf(architecture)}/${architecture === "t5" ? "s2s" : "lm"}/${method}/adapter`;
  const { parts: [valid] } = await validateAdapter(folder, backbone);
  const part = await readPart(valid, backbone);
  const parameters = Object.fromEntries(
    Object.entries(adapterParameters(part, backbone)).map(([name, { data }]) => [`${part.method.name}/${name}`, data]),
  );
  return { adaptation: compose([part], backbone), parameters };
}

/** The only output of a program, for these texts. */
export async function outputOf(
  device: Device,
  { program, signature }: SignedProgram,
  parameters: Record<string, Float32Array>,
  inputs: ReturnType<WordBackbone["collate"]>,
  precision?: Precision,
): Promise<Float32Array> {
  const executable = await device.compile(program, signature, { threads: 1, precision });
  const [output] = Object.values(await executable.run({ parameters, inputs }));
  await executable.release();
  return output;
}

/** Asserts that a device computes the golden scores of an architecture with a method, the texts in one batch. */
export async function requireGoldenScores(device: Device, architecture: string, method: string): Promise<void> {
  const backbone = await openGolden(architecture);
  const { adaptation, parameters } = await readMethod(architecture, method, backbone);
  const { wordScores, collate } = wordClassifier(backbone, adaptation, words.map((word) => [word]), { labels: [] });
  const scores = await outputOf(device, wordScores, parameters, collate(texts));
  values.causal[architecture][method].flat().forEach((expected, at) => {
    assert(Math.abs(scores[at] - expected) < 1e-4, `${architecture}, ${method}: ${scores[at]} instead of ${expected}`);
  });
}

/** Asserts that the gradients of the loss by words of a method agree between the devices and with central differences. */
export async function requireGradients(
  backbone: WordBackbone,
  parts: readonly Part[],
  labelWords: LabelWords,
  encoded: readonly Encoding[],
): Promise<void> {
  const classifier = wordClassifier(backbone, compose(parts, backbone), labelWords, {
    labels: ["no", "yes"],
    normalise: "length",
  });
  const { program, signature } = classifier.loss;
  const executables = await compileBoth(program, signature, true);
  const start = Object.entries(await classifier.start(3));
  const feedOf = () => ({
    // Away from the start, where half of LoRA's gradient is zero.
    parameters: Object.fromEntries(
      start.map(([name, values]) => [name, values.map((value, at) => value + Math.sin(at) / 10)]),
    ),
    gradients: Object.fromEntries(start.map(([name, { length }]) => [name, new Float32Array(length)])),
    inputs: {
      ...classifier.collate(encoded),
      labels: { data: Int32Array.of(0, 1, 0), shape: [3] },
      weights: { data: Float32Array.of(0.5, 0.3, 0.2), shape: [3] },
    },
  });
  const gradients: Arrays[] = [];
  for (const executable of executables) {
    const feed = feedOf();
    await executable.run(feed);
    gradients.push(feed.gradients);
  }
  // The gradient of a bias of keys is zero but for rounding: a difference tells nothing.
  const names = start.map(([name]) => name).filter((name) => !name.endsWith("key.bias"));
  assertClose(gradients[0], gradients[1], 1e-4, "gradients", 1e-2);
  await requireDerivative(executables[0], feedOf(), names);
  for (const executable of executables) await executable.release();
}
