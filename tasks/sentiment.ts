/**
 * What the three tasks made of "Sentiment Labelled Sentences" have in common.
 * @module
 */
import { uniqueUnambiguous } from "./examples.ts";
import { readSource } from "./source.ts";
import type { SourceFile, Task } from "./types.ts";

/** One of the three sets. */
export interface SentimentSet {
  /** Last part of the task's name and first part of the ids: "amazon". */
  name: string;
  /** What the sentences are taken from: "product reviews on amazon.com". */
  reviews: string;
  /** A JSON file with a list of {@linkcode Entry}. */
  source: SourceFile;
}

/** A sentence in the source file. */
interface Entry {
  text: string;
  /** 0: negative, 1: positive; null in the last entry, which is empty. */
  class: number | null;
}

/** The task of one set; an id is the sentence's index in the source file. */
export function sentimentTask({ name, reviews, source }: SentimentSet): Task {
  return {
    name: `sentiment/${name}`,
    version: 1,
    kind: "classification",
    description: `Is a sentence from ${reviews} positive or negative?`,
    labelling: "by the authors of the data, who chose 500 clearly positive and 500 clearly negative sentences " +
      "and no neutral ones",
    licence: "CC BY 4.0",
    citation: "Kotzias, Denil, de Freitas, Smyth (2015). From Group to Individual Labels Using Deep Features. KDD. " +
      "https://doi.org/10.1145/2783258.2783380",
    labels: ["negative", "positive"],
    templates: ["{text} It was {answer}.", "{text} A {answer} one.", "{text} All in all {answer}."],
    words: { negative: "terrible", positive: "great" },
    metrics: ["accuracy", "macro_f1", "matthews"],
    source: [source],
    async load() {
      const entries: Entry[] = JSON.parse(await readSource(source));
      const examples = entries.flatMap((entry, index) =>
        entry.class === null ? [] : [{ id: `${name}/${index}`, text: entry.text.trim(), label: entry.class }]
      );
      return { pool: uniqueUnambiguous(examples) };
    },
  };
}
