import assert from "node:assert/strict";
import { readJsonc } from "../../base/jsonc.ts";
import { inFolder } from "../in-folder.ts";

const read = (text: string) =>
  inFolder({ "a.json": text }, (folder) =>
    readJsonc(`${folder}/a.json`, 1 << 22).catch(({ message }) => {
      throw new Error(message.replace(`${folder}/`, ""));
    }));

Deno.test("JSON with comments is read as JSON without them", async () => {
  const { value } = await read('\ufeff/* a */ { // b\r\n "a": [1, -2.5e3, "//", "\\u00e9"], "b": { }, "c": null, }');
  assert.equal(JSON.stringify(value), '{"a":[1,-2500,"//","é"],"b":{},"c":null}');
});

Deno.test("places are counted from 1, and a part that is not there has the place of what would hold it", async () => {
  const { placeOf } = await read('{\n  "a": [1,\n\t2], "b": {}\n}');
  assert.equal(placeOf([]), "line 1, column 1");
  assert.equal(placeOf(["a", 1]), "line 3, column 2");
  assert.equal(placeOf(["b", "c"]), "line 3, column 11");
  assert.equal(placeOf(["d"]), "line 1, column 1");
});

Deno.test("a key named __proto__ is a key", async () => {
  const { value } = await read('{ "__proto__": { "a": 1 } }');
  assert.deepEqual(Object.keys(value as object), ["__proto__"]);
});

Deno.test("what is no JSON is refused with the first fault and its place", async () => {
  const faults = {
    "": "line 1, column 1: it must be JSON, a value is missing",
    "{": "line 1, column 2: it must be JSON, a } is missing",
    "[1": "line 1, column 3: it must be JSON, a ] is missing",
    "{a: 1}": "line 1, column 2: it must be JSON, there is a word that JSON does not have",
    "[1\n 2]": "line 2, column 2: it must be JSON, a comma is missing",
    '{"a" 1}': "line 1, column 6: it must be JSON, a colon is missing",
    "[NaN]": "line 1, column 2: it must be JSON, there is a word that JSON does not have",
    '["a\n"]': "line 1, column 2: it must be JSON, a text does not end",
    '["\\x"]': "line 1, column 2: it must be JSON, an escape has another form",
    "1 /*": "line 1, column 3: it must be JSON, a comment does not end",
    "1 2": "line 1, column 3: it must be JSON, there is more after the value",
    '{"a": 1, "b": {"c": 1, "c": 2}}': "line 1, column 24: a key must be there once, c is there twice",
  };
  for (const [text, fault] of Object.entries(faults)) {
    await assert.rejects(read(text), { message: `Cannot read a.json, ${fault}` }, text);
  }
});

Deno.test("a file that is nested too deep is refused, however deep it is", async () => {
  await read("[".repeat(100) + "]".repeat(100));
  for (const depth of [102, 1_000_000]) {
    await assert.rejects(read("[".repeat(depth)), {
      message: "Cannot read a.json, line 1, column 102: it must be nested at most 100 deep, it is deeper",
    });
  }
});
