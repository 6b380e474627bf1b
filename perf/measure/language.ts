/**
 * A language model next to PyTorch, transformers and PEFT: a training step, and greedy generation.
 * @module
 */
import { lookUp } from "../../base/errors.ts";
import { findModel } from "../../runs/study/find-model.ts";
import {
  type ComputeOptions,
  describeCompute,
  LANGUAGE_BATCH,
  NEW_TOKENS,
  PROMPT_TOKENS,
  type Repetitions,
  tolerance,
} from "../cases.ts";
import { alternate } from "../processes/alternate.ts";
import {
  arePeersInstalled,
  type LanguageWork,
  runProgram,
  startLanguageModel,
  startLanguagePeer,
} from "../processes/start.ts";
import { withTemporaryFolder } from "../processes/with-files.ts";
import { median } from "../../reports/statistics/basics.ts";
import { mebibytes, type Report, type Row, spread, table } from "./report.ts";

/** What a round measured. */
interface LanguageRound {
  /** Duration of each step or generated text. */
  milliseconds: number[];
  /** Training: loss of each step. */
  losses?: number[];
  /** Generation: ids of the generated tokens. */
  tokens?: number[];
  /** Greatest resident size so far, in bytes. */
  peak: number;
}

/** Duration of a step or a text in each round, without the first, which warms up. */
const timesOf = (rounds: readonly LanguageRound[]) => rounds.slice(1).map(({ milliseconds }) => median(milliseconds));
/** Losses or tokens of all rounds. */
const resultsOf = (rounds: readonly LanguageRound[]) => rounds.flatMap(({ losses, tokens }) => losses ?? tokens ?? []);

/** The row of one piece of work, and the greatest difference between the losses or tokens of both sides. */
async function compare(
  folder: string,
  model: string,
  work: LanguageWork,
  { rounds, steps }: Repetitions,
  withPeer: boolean,
): Promise<{ row: Row; difference: number }> {
  const allSteps = (rounds + 1) * steps;
  const processes = [
    startLanguageModel(folder, model, work, allSteps),
    ...withPeer ? [startLanguagePeer(folder, model, work, allSteps)] : [],
  ];
  const [ours, theirs] = await alternate<LanguageRound>(processes, rounds + 1, String(steps));
  const row = { "ms": spread(timesOf(ours), 0), "MiB": mebibytes(ours.at(-1)!.peak) };
  if (!theirs) return { row, difference: 0 };
  const ourResults = resultsOf(ours);
  const difference = Math.max(...resultsOf(theirs).map((result, at) => Math.abs(result - ourResults[at])));
  const ratios = timesOf(theirs).map((time, round) => time / timesOf(ours)[round]);
  return {
    row: {
      ...row,
      "their ms": spread(timesOf(theirs), 0),
      "their MiB": mebibytes(theirs.at(-1)!.peak),
      "speed ×": spread(ratios, 2),
      "memory ×": (ours.at(-1)!.peak / theirs.at(-1)!.peak).toFixed(2),
      "differs by": difference.toExponential(0),
    },
    difference,
  };
}

/**
 * Methods whose adapter in PEFT's form holds all start values, so that both sides can start from it. `full` takes long and
 * is only measured if it is named.
 */
const [FULL, ...DEFAULT] = ["full", "lora", "prompt-tuning", "prefix-tuning"];

/**
 * Measures training steps of these methods, by default of all but `full`, and generation.
 * @param model folder of the language model
 * @throws {UsageError} if a method cannot be compared, or if the folder cannot be used
 */
export async function measureLanguage(
  model: string,
  names: readonly string[],
  compute: ComputeOptions,
  repetitions: Repetitions,
): Promise<Report> {
  const comparable = Object.fromEntries([FULL, ...DEFAULT].map((name) => [name, name]));
  const methods = names.length > 0 ? names.map((name) => lookUp("method", comparable, name)) : DEFAULT;
  await findModel(model);
  const withPeer = await arePeersInstalled();
  const rows: Row[] = [];
  const violations: string[] = [];
  const works: [title: string, work: LanguageWork, tolerance: number][] = [
    ...methods.map((method): (typeof works)[number] => [
      `step, ${method}`,
      { method, mode: "train" },
      tolerance(compute),
    ]),
    ["generation", { method: "none", mode: "generate" }, 0],
  ];
  await withTemporaryFolder(async (folder) => {
    await runProgram("write-language-model.ts", [folder, model, methods.join(",")]);
    for (const [title, work, most] of works) {
      const { row, difference } = await compare(folder, model, work, repetitions, withPeer);
      rows.push({ "": title, ...row });
      if (difference > most) {
        violations.push(`Cannot compare ${title}: both sides must agree within ${most}, they differ by ${difference}`);
      }
    }
  });
  const { batchSize, length } = LANGUAGE_BATCH;
  const heading =
    `A language model: a training step of ${batchSize} texts of ${length} tokens, and ${NEW_TOKENS} tokens ` +
    `added to one of ${PROMPT_TOKENS}, the likeliest each time. ${describeCompute(compute)}. Median (range) over ` +
    `${repetitions.rounds} rounds of ${repetitions.steps} in turn; MiB: peak resident memory of each one's process. ` +
    `Losses of all steps must agree within ${tolerance(compute)}, tokens exactly.`;
  return { text: `${heading}\n\n${table(rows)}`, violations };
}
