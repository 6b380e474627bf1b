/**
 * How the choices of an example are read: each with the text before it.
 * @module
 */
import type { ChoiceTask, TextInput } from "../types.ts";

/**
 * The texts that the choices of an example are read in: the example's text, and as its pair the choice. Where the example has a pair, the
 * choice stands in the place that the task's placeholder marks there, or behind it.
 */
export function choiceTexts(
  { id, text, pair, choices = [] }: TextInput,
  { placeholder }: Pick<ChoiceTask, "placeholder">,
): TextInput[] {
  return choices.map((choice) => ({ id, text, pair: withChoice(choice, pair, placeholder) }));
}

/** An example as a language model chooses: what it reads, and the choices as they go on behind that. */
export interface ChoiceTexts extends Pick<TextInput, "text" | "pair"> {
  /** The choices themselves. */
  choices: readonly string[];
  /** What is scored of each: the choice, or the second text with the choice in its place. */
  answers: readonly string[];
}

/** The example as a language model chooses: where the task's placeholder marks the choice's place in the pair, that is what goes on. */
export function textsOfChoices(
  { text, pair, choices = [] }: Pick<TextInput, "text" | "pair" | "choices">,
  { placeholder }: Pick<ChoiceTask, "placeholder">,
): ChoiceTexts {
  if (pair === undefined || placeholder === undefined) return { text, pair, choices, answers: choices };
  return { text, choices, answers: choices.map((choice) => withChoice(choice, pair, placeholder)) };
}

function withChoice(choice: string, pair: string | undefined, placeholder: string | undefined): string {
  if (pair === undefined) return choice;
  return placeholder === undefined ? `${pair} ${choice}` : pair.replaceAll(placeholder, () => choice);
}
