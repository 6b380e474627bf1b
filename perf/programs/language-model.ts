/**
 * TuneBench on a language model. Mode train: a request is a number of steps on the texts of the folder, answered with
 * their times and losses. Mode generate: a request is a number of repetitions, answered with the time of each and the
 * generated tokens.
 *
 *     deno run … perf/programs/language-model.ts FOLDER MODEL METHOD train|generate STEPS
 * @module
 */
import { cpu } from "../../engine/devices/cpu.ts";
import { collectGarbage } from "../../engine/garbage.ts";
import type { Executable, Program } from "../../engine/types.ts";
import { generate } from "../../runs/programs/decoding.ts";
import { labelInputs } from "../../runs/programs/language-model.ts";
import { reuseExecutables } from "../../runs/training/generation.ts";
import { NEW_TOKENS, PROMPT_TOKENS, THREADS, trainingSpec } from "../cases.ts";
import { readTexts } from "../processes/files.ts";
import { openLanguageModel } from "./open-language-model.ts";
import { answer, peakMemory, readRequest } from "./requests.ts";
import { trainInRounds } from "./train-in-rounds.ts";

const [folder, model, method, mode] = Deno.args;
const steps = Number(Deno.args[4]);
const { backbone, adaptation, trainable, start } = await openLanguageModel(model, method);
const { ids } = await readTexts(folder);

/** Trains on all texts in each step. */
async function trainAsRequested(): Promise<void> {
  // A text's first token has a loss only where virtual tokens stand before it.
  const withoutLoss = method.includes("prompt-tuning") ? 0 : 1;
  const tokensWithLoss = ids.reduce((sum, { length }) => sum + length - withoutLoss, 0);
  const { program, signature } = trainable.loss;
  const training = await cpu.train(program, signature, trainable.parameters, { threads: THREADS });
  await training.write(await start());
  collectGarbage("major");
  const lengths = ids.map(({ length }) => length);
  const spec = trainingSpec({ batchSize: ids.length, epochs: steps, device: "cpu", precision: "float32" });
  const examples = {
    lengths,
    positions: lengths,
    collate: (indices: readonly number[]) => backbone.collate(indices.map((index) => ids[index])),
    lossInputs: (indices: readonly number[]) =>
      labelInputs(
        indices.flatMap((index, text) =>
          ids[index].map((label, place) => ({ text, place, label, weight: 1 / tokensWithLoss }))
        ),
      ),
  };
  await trainInRounds({ spec, training, examples }, await readRequest());
}

/** Generates from the start of the first text. */
async function generateAsRequested(): Promise<never> {
  const prompt = ids[0].slice(0, PROMPT_TOKENS);
  const programs = new Map<Program, Executable>();
  for (const { program, signature } of [trainable.read, trainable.step]) {
    programs.set(program, await cpu.compile(program, signature, { threads: THREADS, small: true }));
  }
  for (;;) {
    const repetitions = Number(await readRequest());
    const milliseconds: number[] = [];
    let texts: number[][] = [];
    for (let at = 0; at < repetitions; at++) {
      const begun = performance.now();
      const options = { device: reuseExecutables(programs), threads: THREADS, parameters: {}, tokens: NEW_TOKENS };
      texts = await generate(backbone, adaptation, trainable, [prompt], options);
      milliseconds.push(performance.now() - begun);
    }
    answer({ milliseconds, tokens: texts[0].slice(PROMPT_TOKENS), peak: peakMemory() });
  }
}

if (mode === "train") await trainAsRequested();
else await generateAsRequested();
Deno.exit(0);
