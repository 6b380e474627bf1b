/**
 * A language model next to PyTorch, transformers and PEFT: a training step, and greedy generation.
 * @module
 */
import { findModel } from "../runs/study/find-model.ts";
import { lookUp } from "../base/errors.ts";
import { alternate, inScratch, languagePeer, ourLanguage, peersWork, type Report, runAside } from "./comparison.ts";
import type { Effort } from "./measure-step.ts";
import { type Choices, describeChoices, GENERATED, LANGUAGE, PROMPT, tolerance } from "./cases.ts";
import { median, megabytes, spread, table } from "./table.ts";
import type { Turn } from "./answer.ts";

type LanguageTurn = Pick<Turn, "milliseconds" | "losses" | "peak">;

/** Both sides' turns as a row; what they say must agree. */
async function compare(
  folder: string,
  model: string,
  what: { method: string; mode: "train" | "generate" },
  { rounds, steps }: Effort,
  withPeer: boolean,
): Promise<{ row: Record<string, string>; difference: number }> {
  const all = (rounds + 1) * steps;
  const contestants = [
    ourLanguage(folder, model, what, all),
    ...withPeer ? [languagePeer(folder, model, what, all)] : [],
  ];
  const [ours, theirs] = await alternate<LanguageTurn>(contestants, rounds + 1, String(steps));
  // The first turn warms up.
  const times = (turns: LanguageTurn[]) => turns.slice(1).map(({ milliseconds }) => median(milliseconds));
  const row = { "ms": spread(times(ours), 0), "MB": megabytes(ours.at(-1)!.peak) };
  if (!theirs) return { row, difference: 0 };
  const said = (turns: LanguageTurn[]) => turns.flatMap(({ losses }) => losses);
  const difference = Math.max(...said(theirs).map((loss, at) => Math.abs(loss - said(ours)[at])));
  const ratios = times(theirs).map((time, round) => time / times(ours)[round]);
  return {
    row: {
      ...row,
      "their ms": spread(times(theirs), 0),
      "their MB": megabytes(theirs.at(-1)!.peak),
      "speed ×": spread(ratios, 2),
      "memory ×": (ours.at(-1)!.peak / theirs.at(-1)!.peak).toFixed(2),
      "differs by": difference.toExponential(0),
    },
    difference,
  };
}

/** Methods whose adapter, as PEFT stores it, is all that training starts from; full is measured where it is asked for. */
const [FULL, ...STANDARD] = ["full", "lora", "prompt-tuning", "prefix-tuning"];

/**
 * Steps of these methods, or of all but full, and generation, on the language model of a folder.
 * @throws {UsageError} if a method is none of those that are compared, or if the folder cannot be used
 */
export async function measureLanguage(
  model: string,
  chosen: readonly string[],
  choices: Choices,
  effort: Effort,
): Promise<Report> {
  const known = Object.fromEntries([FULL, ...STANDARD].map((name) => [name, name]));
  const methods = chosen.length > 0 ? chosen.map((name) => lookUp("method", known, name)) : STANDARD;
  await findModel(model);
  const withPeer = await peersWork();
  const rows: Record<string, string>[] = [];
  const violations: string[] = [];
  await inScratch(async (folder) => {
    await runAside("prepare-language-model.ts", [folder, model, methods.join(",")]);
    const trained = methods.map((method) => ({ what: `step, ${method}`, method, mode: "train" as const }));
    for (const { what, ...asked } of [...trained, { what: "generation", method: "none", mode: "generate" as const }]) {
      const { row, difference } = await compare(folder, model, asked, effort, withPeer);
      rows.push({ "": what, ...row });
      const most = asked.mode === "train" ? tolerance(choices) : 0;
      if (difference > most) {
        violations.push(`Cannot compare ${what}: both sides must agree within ${most}, they differ by ${difference}`);
      }
    }
  });
  const { batchSize, length } = LANGUAGE;
  const heading =
    `A language model: a training step of ${batchSize} texts of ${length} tokens, and ${GENERATED} tokens ` +
    `added to one of ${PROMPT}, the likeliest each time. ${describeChoices(choices)}. Median (range) over ` +
    `${effort.rounds} rounds of ${effort.steps} in turn; MB: peak resident memory of each one's process. Losses of all ` +
    `steps must agree within ${tolerance(choices)}, tokens exactly.`;
  return { text: `${heading}\n\n${table(rows)}`, violations };
}
