import assert from "node:assert/strict";
import { wordnetVerb } from "../../tasks/wordnet-verb.ts";
import { readSource } from "../../tasks/source.ts";

/** Lexicographer files 29 to 43, in the order of WordNet's lexnames(5). */
const lexnames = "body change cognition communication competition consumption contact creation emotion motion " +
  "perception possession social stative weather";

const { pool = [] } = await wordnetVerb.load();
const synsets = (await readSource(wordnetVerb.source[0])).split("\n").filter((line) => line[0] !== " " && line !== "");

Deno.test("definitions and classes are those of the synset with that offset", () => {
  const byOffset = new Map(synsets.map((line) => [line.slice(0, 8), line]));
  for (const { id, text, label } of pool) {
    const line = byOffset.get(id.slice("verb/".length)) ?? "";
    assert.equal(lexnames.split(" ")[Number(line.slice(9, 11)) - 29], wordnetVerb.labels[label], id);
    assert.ok(line.split("|")[1].trim().startsWith(text), `${id}: ${text}`);
    assert.doesNotMatch(text, /"|[;:,\s]$/);
  }
});

Deno.test("the classes are those with at least 150 definitions of five words or more", () => {
  const definitions = lexnames.split(" ").map(() => new Set<string>());
  for (const line of synsets) {
    const text = line.split("| ")[1].replace(/[;:,]?\s*".*|\s+$/, "").toLowerCase();
    if (text.split(" ").length >= 5) definitions[Number(line.slice(9, 11)) - 29].add(text);
  }
  const large = lexnames.split(" ").filter((_, index) => definitions[index].size >= 150);
  assert.deepEqual(large, [...wordnetVerb.labels]);
});
