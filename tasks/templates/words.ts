/**
 * The words that stand for a task's labels; Schick and Schütze (2021) call them its verbaliser.
 * @module
 */
import { shorten, suggestion } from "../../base/errors.ts";
import type { Words } from "../types.ts";
import { isOfPairs, parseTemplate } from "./template.ts";

/**
 * The words of each label, in the order of the labels. A label without words stands for itself.
 * @throws {Error} one sentence, if a label is unknown or has no word, if a word is empty or has a space at an end, or if two labels have one
 */
export function wordsOf(labels: readonly string[], words: Words = {}): string[][] {
  const unknown = Object.keys(words).find((label) => !labels.includes(label));
  if (unknown !== undefined) {
    throw new Error(`Cannot use words for the label ${shorten(unknown)}: ${suggestion(unknown, labels)}`);
  }
  const found = labels.map((label) => Object.hasOwn(words, label) ? [words[label]].flat() : [label]);
  const owners = new Map<string, string>();
  for (const [at, ofLabel] of found.entries()) {
    const label = shorten(labels[at]);
    if (ofLabel.length === 0) {
      throw new Error(`Cannot use words for the label ${label}: there must be one, there is none`);
    }
    for (const word of ofLabel) {
      const refuse = (rule: string): never => {
        throw new Error(`Cannot use the word ${shorten(JSON.stringify(word))} for the label ${label}: ${rule}`);
      };
      if (word === "" || word !== word.trim()) refuse("it must have letters, and no space at its ends");
      if (owners.has(word)) refuse(`words must differ, ${owners.get(word)} has it already`);
      owners.set(word, label);
    }
  }
  return found;
}

/** What is asked of a task with a language model's head. */
export interface Wording {
  /** Templates: "{text} It was {answer}." */
  templates?: readonly string[];
  /** Words that stand for labels. */
  words?: Words;
}

/**
 * Makes sure that a task's templates and words suit its examples.
 * @param hasPairs whether its examples are pairs; undefined: that is not known
 * @throws {Error} one sentence on the first that does not
 */
export function requireWording(
  { templates = [], words }: Wording,
  labels: readonly string[],
  hasPairs: boolean | undefined,
): void {
  for (const template of templates) {
    const isPaired = isOfPairs(parseTemplate(template));
    if (hasPairs === undefined || isPaired === hasPairs) continue;
    const rule = hasPairs
      ? "it must have {pair}, as the task's examples are pairs, it has none"
      : "{pair} must be the second text of pairs, the task's examples have one text";
    throw new Error(`Cannot use the template ${shorten(JSON.stringify(template))}: ${rule}`);
  }
  if (words) wordsOf(labels, words);
}
