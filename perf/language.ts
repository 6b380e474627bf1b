/**
 * TuneBench's side of a comparison of language models: trains on the texts of the folder in turns, or goes on with the
 * first of them.
 *
 *     deno run … perf/language.ts FOLDER MODEL METHOD train|generate STEPS
 * @module
 */
import process from "node:process";
import { cpu } from "../engine/devices/cpu.ts";
import { collectGarbage } from "../engine/garbage.ts";
import type { Executable, Program } from "../engine/types.ts";
import { generate } from "../runs/programs/decoding.ts";
import { reuseExecutables } from "../runs/training/generation.ts";
import { train } from "../runs/training/train.ts";
import { openLanguage } from "./open-language-model.ts";
import { GENERATED, paths, PROMPT, SEED, type Texts, THREADS, trainingSpec } from "./cases.ts";
import { answer, readOrder } from "./answer.ts";

const [folder, model, method, mode] = Deno.args;
const steps = Number(Deno.args[4]);
const { backbone, adaptation, trainable, start } = await openLanguage(model, method);
const { ids }: Texts = JSON.parse(await Deno.readTextFile(paths.texts(folder)));
const peak = () => process.resourceUsage().maxRSS * 1024;

/** Answers each order, a number of steps, with their times and losses. */
async function trainInTurns(): Promise<void> {
  // The first token of a text is told where a prompt stands before it.
  const untold = method.includes("prompt-tuning") ? 0 : 1;
  const learnt = ids.reduce((sum, { length }) => sum + length - untold, 0);
  const { program, signature } = trainable.loss;
  const training = await cpu.train(program, signature, trainable.parameters, { threads: THREADS });
  await training.write(await start());
  collectGarbage("major");
  const lengths = ids.map(({ length }) => length);
  let turn = { milliseconds: [] as number[], losses: [] as number[] };
  let left = Number(await readOrder());
  let begun = performance.now();
  await train({
    seed: SEED,
    spec: trainingSpec({ batchSize: ids.length, epochs: steps, device: "cpu", precision: "float32" }),
    training,
    examples: {
      lengths,
      positions: lengths,
      collate: (indices) => backbone.collate(indices.map((index) => ids[index])),
      lossInputs(indices) {
        const shape = [indices.length, Math.max(...indices.map((index) => lengths[index]))];
        return {
          labels: { data: Int32Array.from(indices.flatMap((index) => ids[index])), shape },
          weights: { data: new Float32Array(shape[0] * shape[1]).fill(1 / learnt), shape },
        };
      },
    },
    onStep({ loss }) {
      turn.milliseconds.push(performance.now() - begun);
      turn.losses.push(loss);
      begun = performance.now();
    },
    async onEpoch() {
      if (--left > 0) return;
      answer({ ...turn, peak: peak() });
      turn = { milliseconds: [], losses: [] };
      left = Number(await readOrder());
      begun = performance.now();
    },
  });
}

/** Answers each order, a number of texts, with the times they took and what the last one says. */
async function generateInTurns(): Promise<never> {
  const text = ids[0].slice(0, PROMPT);
  const programs = new Map<Program, Executable>();
  for (const { program, signature } of [trainable.read, trainable.step]) {
    programs.set(program, await cpu.compile(program, signature, { threads: THREADS, small: true }));
  }
  for (;;) {
    const count = Number(await readOrder());
    const milliseconds: number[] = [];
    let grown: number[][] = [];
    for (let at = 0; at < count; at++) {
      const begun = performance.now();
      const options = { device: reuseExecutables(programs), threads: THREADS, parameters: {}, tokens: GENERATED };
      grown = await generate(backbone, adaptation, trainable, [text], options);
      milliseconds.push(performance.now() - begun);
    }
    answer({ milliseconds, losses: grown[0].slice(PROMPT), peak: peak() });
  }
}

if (mode === "train") await trainInTurns();
else await generateInTurns();
Deno.exit(0);
