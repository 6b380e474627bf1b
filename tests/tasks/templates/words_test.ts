import assert from "node:assert/strict";
import { requireWording, wordsOf } from "../../../tasks/templates/words.ts";

Deno.test("a label has the words that stand for it, or stands for itself", () => {
  assert.deepEqual(wordsOf(["bad", "good", "Sci/Tech"], { good: ["great", "fine"], "Sci/Tech": "Tech" }), [
    ["bad"],
    ["great", "fine"],
    ["Tech"],
  ]);
});

const refused: [what: string, words: Record<string, string | string[]>, message: string][] = [
  ["of an unknown label", { goof: "great" }, "Cannot use words for the label goof: the nearest name is good"],
  ["that are none", { good: [] }, "Cannot use words for the label good: there must be one, there is none"],
  [
    "with a space",
    { good: " great" },
    'Cannot use the word " great" for the label good: it must have letters, and no space at its ends',
  ],
  [
    "without letters",
    { good: "" },
    'Cannot use the word "" for the label good: it must have letters, and no space at its ends',
  ],
  [
    "that two labels have",
    { bad: "fine", good: ["great", "fine"] },
    'Cannot use the word "fine" for the label good: words must differ, bad has it already',
  ],
  [
    "that are another label's name",
    { good: "bad" },
    'Cannot use the word "bad" for the label good: words must differ, bad has it already',
  ],
];

for (const [what, words, message] of refused) {
  Deno.test(`words ${what} are refused`, () => {
    assert.throws(() => wordsOf(["bad", "good"], words), { message });
  });
}

Deno.test("a template of pairs is refused for single texts, and one of single texts for pairs", () => {
  const wording = { templates: ["{text} {answer}", "{text} {answer} {pair}"] };
  requireWording(wording, ["bad", "good"], undefined);
  assert.throws(() => requireWording(wording, ["bad", "good"], false), {
    message: 'Cannot use the template "{text} {answer} {pair}": {pair} must be the second text of pairs, ' +
      "the task's examples have one text",
  });
  assert.throws(() => requireWording(wording, ["bad", "good"], true), {
    message:
      'Cannot use the template "{text} {answer}": it must have {pair}, as the task\'s examples are pairs, it has none',
  });
});
