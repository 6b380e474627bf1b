/**
 * Classification by the language model's own head, as specs have it: the words that stand for the labels, and the text that they complete.
 * @module
 */

/** What a word's score is: with "length" the mean of its tokens' log-probabilities, with "prior" less its score without a text. */
export type Normalisation = "length" | "prior";

/** The head of a run. */
export interface HeadSpec {
  /** The template that texts are put into: "{text} It was {answer}." */
  template: string;
  /** Each label's words. */
  words: string[][];
  /** How scores of words are made comparable; left out: they are sums of log-probabilities. */
  normalise?: Normalisation;
}
