/**
 * TuneBench's side of a comparison: trains in turns. Each line of standard input is a number of steps; the answer is a
 * line of JSON.
 *
 *     deno run … bench/step.ts FOLDER METHOD STEPS
 * @module
 */
import process from "node:process";
import { createInterface } from "node:readline/promises";
import { devices } from "../engine/mod.ts";
import { train } from "../runs/train.ts";
import type { Turn } from "./contestant.ts";
import { LENGTH, readSetting, texts, THREADS, training } from "./setting.ts";

const [folder, name, steps] = Deno.args;
const { backbone, trainable, start } = await readSetting(folder, name);
const { program, signature } = trainable.loss;
const compiled = await devices.cpu.train(program, signature, trainable.parameters, { threads: THREADS });
await compiled.write(start);
// Start values are as large as the model where all of it is trained.
for (const parameter of Object.keys(start)) delete start[parameter];
const { ids, labels } = texts();

const orders = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
/** Number of steps to take; ends the process where nobody asks for more. */
async function readOrder(): Promise<number> {
  const { done, value } = await orders.next();
  if (done) Deno.exit(0);
  return Number(value);
}

let turn: Turn = { milliseconds: [], losses: [], peak: 0, resident: 0 };
let left = await readOrder();
let begun = performance.now();

await train({
  seed: 0,
  spec: { ...training, epochs: Number(steps) },
  training: compiled,
  examples: {
    labels,
    lengths: labels.map(() => LENGTH),
    collate: (indices) => backbone.collate(indices.map((index) => ids[index])),
  },
  onStep({ loss }) {
    turn.milliseconds.push(performance.now() - begun);
    turn.losses.push(loss);
    begun = performance.now();
  },
  // An epoch is one step.
  async onEpoch() {
    if (--left > 0) return;
    const peak = process.resourceUsage().maxRSS * 1024;
    console.log(JSON.stringify({ ...turn, peak, resident: Deno.memoryUsage().rss }));
    turn = { ...turn, milliseconds: [], losses: [] };
    left = await readOrder();
    begun = performance.now();
  },
});
Deno.exit(0);
