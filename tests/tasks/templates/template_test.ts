import assert from "node:assert/strict";
import { fillIn, isOfPairs, isReadFirst, listOf, parseTemplate } from "../../../tasks/templates/template.ts";

Deno.test("a template is what stands before the answer, its space, and what stands behind it", () => {
  assert.deepEqual(parseTemplate("{text} It was {answer}."), {
    source: "{text} It was {answer}.",
    before: [{ field: "text" }, " It was"],
    space: " ",
    after: ["."],
  });
  assert.deepEqual(parseTemplate("{text}({answer})").before, [{ field: "text" }, "("]);
  assert.deepEqual(parseTemplate("{text} {answer}"), {
    source: "{text} {answer}",
    before: [{ field: "text" }],
    space: " ",
    after: [],
  });
  assert.equal(parseTemplate("{text}\n{answer}").space, "");
});

Deno.test("a template is filled with the texts as they are and the labels' words", () => {
  const { before, after } = parseTemplate("{text}? {answer}, {pair} ({label list})");
  const example = { text: "a {pair} $& b", pair: "c" };
  assert.equal(fillIn(before, example, ""), "a {pair} $& b?");
  assert.equal(fillIn(after, example, listOf(["x, y", "z"])), ", c (x, y or z)");
  assert.equal(fillIn(before, { text: " as it ends in a file \n" }, ""), "as it ends in a file?");
});

Deno.test("the labels' words are listed with or before the last", () => {
  assert.equal(listOf(["negative", "positive"]), "negative or positive");
  assert.equal(listOf(["a", "b", "c, d"]), "a, b or c, d");
});

Deno.test("a template tells whether it is of pairs, and whether its texts stand before the answer", () => {
  assert(isOfPairs(parseTemplate("{text} {answer} {pair}")));
  assert(!isOfPairs(parseTemplate("{text} {answer}")));
  assert(isReadFirst(parseTemplate("{text} {pair} {answer} {label list}")));
  assert(!isReadFirst(parseTemplate("{text} {answer} {pair}")));
  assert(!isReadFirst(parseTemplate("{answer}: {text}")));
});

const refused: [template: string, rule: string][] = [
  ["It was {answer}.", "it must have {text}, it has none"],
  ["{text} It was good.", "it must have one {answer}, it has none"],
  ["{text} {answer} {answer}", "it must have one {answer}, it has 2"],
  [
    "{text} {awnser}",
    "fields must be {text}, {pair}, {label list}, {answer}, current value is {awnser}, the nearest is {answer}",
  ],
  ["{text} {label_list} {answer}", "…the nearest is {label list}"],
  ["{text} {answer", "braces must stand around a field, one { stands alone"],
  ["{text}} {answer}", "braces must stand around a field, one } stands alone"],
];

for (const [template, rule] of refused) {
  Deno.test(`the template ${template} is refused in one sentence`, () => {
    assert.throws(() => parseTemplate(template), ({ message }: Error) => {
      assert(message.startsWith(`Cannot use the template ${JSON.stringify(template)}: `), message);
      assert(message.endsWith(rule.replace("…", "")), message);
      return true;
    });
  });
}
