import assert from "node:assert/strict";
import { nearest } from "../../base/errors.ts";

const names = ["lora", "full", "prompt-tuning", "p-tuning", "prefix-tuning"];

Deno.test("The nearest name is the one with the fewest edits, whatever the case of letters", () => {
  const typed = ["lroa", "Full", "promt-tuning", "ptuning", "prefix"];
  assert.deepEqual(typed.map((name) => nearest(name, names)), names);
});
