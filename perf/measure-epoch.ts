/**
 * An epoch of real sentences next to transformers' Trainer with PEFT.
 * @module
 */
import { alternate, peersWork, type Report, trainer, tuneBench, withFiles } from "./comparison.ts";
import type { PeerProcess } from "./peer-process.ts";
import { BATCH_SIZE, type Choices, describeChoices, type Job, MINILM, paths, tolerance } from "./cases.ts";
import { median, megabytes, percent, spread, table } from "./table.ts";
import type { Turn } from "./answer.ts";

type Start = (folder: string, method: string, job: Job) => PeerProcess;
const OURS: [name: string, start: Start] = ["TuneBench", tuneBench];
const PEERS: [name: string, start: Start][] = [
  ["Trainer", (folder, method, job) => trainer(folder, method, job, "random")],
  ["Trainer, grouped", (folder, method, job) => trainer(folder, method, job, "group_by_length")],
];

/** Mean loss of the first texts before training, from a process of its own: it leaves no trace in what is measured. */
async function firstLoss(contestant: PeerProcess): Promise<number> {
  try {
    return await contestant.ask<number>("loss");
  } finally {
    await contestant.end();
  }
}

/** Epochs of these methods. */
export async function measureEpoch(methods: readonly string[], choices: Choices, rounds: number): Promise<Report> {
  const sides = [OURS, ...await peersWork() ? PEERS : []];
  const job = { ...choices, batchSize: BATCH_SIZE, epochs: rounds };
  const rows: Record<string, string>[] = [];
  const violations: string[] = [];
  let texts = "";
  await withFiles({ sizes: MINILM, methods, texts: "sentences" }, async (folder) => {
    const { ids } = JSON.parse(await Deno.readTextFile(paths.texts(folder)));
    const tokens = ids.reduce((sum: number, text: number[]) => sum + text.length, 0);
    texts = `${ids.length} sentences of ${(tokens / ids.length).toFixed(1)} tokens`;
    for (const method of methods) {
      const losses: number[] = [];
      // The two Trainers differ in the order of data alone.
      for (const [, start] of sides.slice(0, 2)) losses.push(await firstLoss(start(folder, method, job)));
      const difference = Math.max(...losses) - Math.min(...losses);
      if (!(difference <= tolerance(choices))) {
        violations.push(
          `Cannot compare ${method}: losses before training must agree within ${tolerance(choices)}, ` +
            `current values are ${losses.map((loss) => loss.toFixed(6)).join(" and ")}`,
        );
      }
      const turns = await alternate<Turn>(sides.map(([, start]) => start(folder, method, job)), rounds, "1");
      const seconds = turns.map((of) => of.map(({ milliseconds }) => milliseconds.reduce((a, b) => a + b) / 1000));
      sides.forEach(([side], at) => {
        const last = turns[at].at(-1)!;
        rows.push({
          method,
          side,
          "s": spread(seconds[at], 1),
          "speed ×": at === 0 ? "" : spread(seconds[at].map((time, round) => time / seconds[0][round]), 2),
          "MB": megabytes(last.peak),
          "memory ×": at === 0 ? "" : (turns[0].at(-1)!.peak / last.peak).toFixed(2),
          "tokens a second": (tokens / median(seconds[at])).toFixed(0),
          "padding": percent(1 - last.tokens / last.positions),
          "loss before": at === 0 ? losses[0].toFixed(6) : "",
          "differs by": at === 1 ? difference.toExponential(0) : "",
        });
      });
    }
  });
  const heading = `One epoch at MiniLM-L6 shape: ${texts} (tasks sentiment/amazon and sentiment/yelp; words and ` +
    `punctuation marks hashed into the vocabulary, words of 10 letters or more as two tokens), batch ${BATCH_SIZE}. ` +
    `${describeChoices(choices)}. Median (range) over ${rounds} rounds in turn, the model loaded ` +
    "before; no evaluation, saving or logging. Speed: a Trainer's time ÷ TuneBench's; memory: TuneBench's peak ÷ a " +
    "Trainer's. Trainer pads to the longest of a random batch, grouped with train_sampling_strategy=group_by_length. " +
    `Mean losses of the same 64 texts before training must agree within ${tolerance(choices)}.`;
  return { text: `${heading}\n\n${table(rows)}`, violations };
}
