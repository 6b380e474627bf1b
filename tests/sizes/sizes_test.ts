import assert from "node:assert/strict";
import { describeSizes, fileSizes, folderSizes, functionSizes } from "./sizes.ts";
import plugin from "./function-lines.ts";

const SAMPLE = `export function outer(x: number): number {
  const inner = (y: number) => {
    return \`}\${y}}\`; // {
  };
  return inner(x);
}
class A {
  get value() {
    return /[}]/.test("{");
  }
}
Deno.test("a title", async () => {
  await Promise.resolve();
});
[1].map((x) => x);
`;

Deno.test("every form of function is found with its name, its first and its last line", () => {
  const found = Deno.lint.runPlugin(plugin, "sample.ts", SAMPLE);
  const lineOf = (position: number) => SAMPLE.slice(0, position).split("\n").length;
  assert.deepEqual(
    found.map(({ message, range }) => [message, ...range.map(lineOf)]),
    [
      ["outer", 1, 6],
      ["inner", 2, 4],
      ["value", 8, 10],
      ["a title", 12, 14],
      ["anonymous", 15, 15],
    ],
  );
});

Deno.test("a folder's size is the number of files in it, without those of its subfolders", () => {
  assert.deepEqual(folderSizes(["a/x.ts", "a/y.ts", "a/b/z.ts"]), [{ name: "a", size: 2 }, { name: "a/b", size: 1 }]);
});

Deno.test("files and functions are counted in lines, and the largest come first", async () => {
  const paths = ["tests/sizes/function-lines.ts", "tests/sizes/sizes.ts"];
  const lines = await fileSizes(paths);
  for (const { name, size } of lines) {
    const text = await Deno.readTextFile(new URL(`../../${name}`, import.meta.url));
    assert.equal(size, text.match(/\n/g)?.length);
  }
  const functions = await functionSizes(paths);
  const source = await Deno.readTextFile(new URL("sizes.ts", import.meta.url));
  const body = /async function output[^]*?\n}\n/.exec(source)![0];
  const line = source.slice(0, source.indexOf(body)).split("\n").length;
  assert.deepEqual(functions.find(({ name }) => name.endsWith(" output")), {
    name: `tests/sizes/sizes.ts:${line} output`,
    size: body.split("\n").length - 1,
  });
  const text = await describeSizes("These", paths, 1);
  const [largest] = lines.toSorted((a, b) => b.size - a.size);
  assert.ok(text.includes(`These: largest files (lines)\n${String(largest.size).padStart(5)}  ${largest.name}`));
});
