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

function withChoice(choice: string, pair: string | undefined, placeholder: string | undefined): string {
  if (pair === undefined) return choice;
  return placeholder === undefined ? `${pair} ${choice}` : pair.replaceAll(placeholder, () => choice);
}
