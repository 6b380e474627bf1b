/**
 * What `task check --model` prints: the texts in a model's tokens.
 * @module
 */
import { Random } from "../../base/random.ts";
import { visible } from "../../base/errors.ts";
import type { Model } from "../../models/types.ts";
import { textAsRead, tokenLengths } from "../../runs/training/estimates/token-lengths.ts";
import { trainingDefaults } from "../../runs/study/training-defaults.ts";
import { someOf } from "../../tasks/described/summary.ts";
import { choiceTexts } from "../../tasks/templates/choices.ts";
import type { DescribedExample } from "../../tasks/described/example.ts";
import type { AnyTask, TaskData, TextInput } from "../../tasks/types.ts";

/** Texts that are measured at most: more would tell little more, and a tokenizer takes a while for millions. */
const MOST = 10_000;

/** Lengths of a task's texts in a model's tokens, and some of them as it reads them, in lines. */
export async function renderTokens(model: Model, task: AnyTask, data: TaskData<TextInput>): Promise<string> {
  const { kind } = task;
  const all = Object.values(data).flat();
  const drawn: readonly DescribedExample[] = all.length <= MOST
    ? all
    : new Random(0, "task check/lengths").shuffle(all).slice(0, MOST);
  const read = await task.readTexts?.(drawn) ?? drawn;
  // A choice is read with its text.
  const texts: readonly DescribedExample[] = kind === "multiple choice"
    ? read.flatMap((example) => choiceTexts(example, task))
    : read;
  const backbone = await model.open({ apart: true });
  try {
    const limits = [trainingDefaults.maxLength, backbone.maxLength];
    const { count, median, most95, longest, cut: [usual, most] } = await tokenLengths(backbone, kind, texts, limits);
    // Of a dialogue that a study would refuse, why it would.
    const shown = await Array.fromAsync(
      someOf(texts),
      (text) => textAsRead(backbone, task, text, limits[0]).catch(({ message }) => String(message)),
    );
    return [
      `tokens of ${model.name}${
        kind === "multiple choice" ? ", of a choice with its text" : count < all.length ? `, of ${count} texts` : ""
      }: median ${median}, ` +
      `95 % have at most ${most95}, the longest has ${longest}`,
      `cut at ${usual.limit} tokens, as training.maxLength says by default: ${usual.count} of ${count}`,
      `cut at ${most.limit} tokens, the most that ${model.name} reads: ${most.count} of ${count}`,
      ...shown.some((text) => text !== undefined) ? [`as ${model.name} reads them:`] : [],
      ...shown.flatMap((text) => text === undefined ? [] : [`  ${visible(text)}`]),
    ].join("\n");
  } finally {
    await backbone.release?.();
  }
}
