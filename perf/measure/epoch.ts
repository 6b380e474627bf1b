/**
 * An epoch of real sentences next to transformers' Trainer with PEFT.
 * @module
 */
import { BATCH_SIZE, type ComputeOptions, describeCompute, MINILM, tolerance, type TrainingOptions } from "../cases.ts";
import { alternate, askOnce } from "../processes/alternate.ts";
import { readTexts } from "../processes/files.ts";
import type { MeasuredProcess } from "../processes/measured-process.ts";
import { arePeersInstalled, startTrainer, startTraining } from "../processes/start.ts";
import { withFiles } from "../processes/with-files.ts";
import type { TrainingRound } from "../programs/requests.ts";
import { median } from "../../reports/statistics/basics.ts";
import { mebibytes, percent, type Report, type Row, spread, table } from "./report.ts";

/** One of the programs that are compared. */
interface Side {
  name: string;
  start(folder: string, method: string, options: TrainingOptions): MeasuredProcess;
}

const TUNEBENCH: Side = { name: "TuneBench", start: startTraining };
/** The two Trainers differ only in the order of the texts. */
const TRAINERS: Side[] = [
  { name: "Trainer", start: (...args) => startTrainer(...args, "random") },
  { name: "Trainer, grouped", start: (...args) => startTrainer(...args, "group_by_length") },
];

/** Mean losses of the first texts before training: TuneBench's, and one Trainer's for both, where it is compared. */
async function lossesBefore(
  sides: readonly Side[],
  ...[folder, method, options]: Parameters<Side["start"]>
): Promise<number[]> {
  const losses: number[] = [];
  // Each comes from a process of its own, so that the memory of the measured ones is not affected.
  for (const { start } of sides.slice(0, 2)) losses.push(await askOnce<number>(start(folder, method, options), "loss"));
  return losses;
}

/** The rows of one method: one a side. */
function epochRows(
  method: string,
  sides: readonly Side[],
  rounds: readonly (readonly TrainingRound[])[],
  losses: readonly number[],
  tokens: number,
): Row[] {
  const seconds = rounds.map((ofSide) => ofSide.map(({ milliseconds }) => milliseconds.reduce((a, b) => a + b) / 1000));
  const peakOf = (at: number) => rounds[at].at(-1)!.peak;
  return sides.map(({ name }, at) => {
    const last = rounds[at].at(-1)!;
    return {
      method,
      "side": name,
      "s": spread(seconds[at], 1),
      "speed ×": at === 0 ? "" : spread(seconds[at].map((time, round) => time / seconds[0][round]), 2),
      "MiB": mebibytes(last.peak),
      "memory ×": at === 0 ? "" : (peakOf(0) / last.peak).toFixed(2),
      "tokens a second": (tokens / median(seconds[at])).toFixed(0),
      "padding": percent(1 - last.tokens / last.positions),
      "loss before": at === 0 ? losses[0].toFixed(6) : "",
      "differs by": at === 1 ? (Math.max(...losses) - Math.min(...losses)).toExponential(0) : "",
    };
  });
}

/** Measures an epoch of each method, on every side. */
export async function measureEpoch(
  methods: readonly string[],
  compute: ComputeOptions,
  rounds: number,
): Promise<Report> {
  const sides = [TUNEBENCH, ...await arePeersInstalled() ? TRAINERS : []];
  const options = { ...compute, batchSize: BATCH_SIZE, epochs: rounds };
  const rows: Row[] = [];
  const violations: string[] = [];
  let texts = "";
  await withFiles({ sizes: MINILM, methods, texts: "sentences" }, async (folder) => {
    const { ids } = await readTexts(folder);
    const tokens = ids.reduce((sum, text) => sum + text.length, 0);
    texts = `${ids.length} sentences of ${(tokens / ids.length).toFixed(1)} tokens`;
    for (const method of methods) {
      const losses = await lossesBefore(sides, folder, method, options);
      if (!(Math.max(...losses) - Math.min(...losses) <= tolerance(compute))) {
        violations.push(
          `Cannot compare ${method}: losses before training must agree within ${tolerance(compute)}, ` +
            `current values are ${losses.map((loss) => loss.toFixed(6)).join(" and ")}`,
        );
      }
      const processes = sides.map(({ start }) => start(folder, method, options));
      const measured = await alternate<TrainingRound>(processes, rounds, "1");
      rows.push(...epochRows(method, sides, measured, losses, tokens));
    }
  });
  const heading = `One epoch at MiniLM-L6 shape: ${texts} (tasks sentiment/amazon and sentiment/yelp; words and ` +
    `punctuation marks hashed into the vocabulary, words of 10 letters or more as two tokens), batch ${BATCH_SIZE}. ` +
    `${describeCompute(compute)}. Median (range) over ${rounds} rounds in turn, the model loaded ` +
    "before; no evaluation, saving or logging. Speed: a Trainer's time ÷ TuneBench's; memory: TuneBench's peak ÷ a " +
    "Trainer's. Trainer pads to the longest of a random batch, grouped with train_sampling_strategy=group_by_length. " +
    `Mean losses of the same 64 texts before training must agree within ${tolerance(compute)}.`;
  return { text: `${heading}\n\n${table(rows)}`, violations };
}
