/**
 * Classification by the language model's own head: the words that stand for the labels, and the text that they complete.
 * @module
 */
import type { Words } from "../../../tasks/types.ts";

/** What a word's score is: with "length" the mean of its tokens' log-probabilities, with "prior" less its score without a text. */
export type Normalisation = "length" | "prior";

/** The head of a run, as specs have it. */
export interface HeadSpec {
  /** The template that texts are put into: "{text} It was {answer}." */
  template: string;
  /** Each label's words; none of multiple choice, whose choices are words of their own. */
  words: string[][];
  /** How scores of words are made comparable; left out: they are sums of log-probabilities. */
  normalise?: Normalisation;
}

/** The head of all classifications of a study: its name, or what differs from what the tasks say. */
export type StudyHead = typeof LANGUAGE_MODEL | {
  name: typeof LANGUAGE_MODEL;
  /** Templates in place of the tasks' own. */
  templates?: string[];
  /** Words of labels, in place of the tasks' own. */
  words?: Words;
  normalise?: Normalisation;
};

/** Name of the language model's own head. */
export const LANGUAGE_MODEL = "language-model";
