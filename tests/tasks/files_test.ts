import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { UsageError } from "../../base/errors.ts";
import { cellsOf } from "../../runs/launch/cells.ts";
import { presets } from "../../runs/study/presets.ts";
import { parseStudy } from "../../runs/study/study.ts";
import { e2e } from "../../tasks/e2e.ts";
import { rte } from "../../tasks/rte.ts";
import { hashTaskFiles } from "../../tasks/task-files.ts";
import { inFolder } from "../in-folder.ts";

const cases = fileURLToPath(new URL("../golden/cases/files/", import.meta.url));

const loadRte = async (folder: string) => await rte.load(await hashTaskFiles(folder, rte.files!));
const loadE2e = async (folder: string) => await e2e.load(await hashTaskFiles(folder, e2e.files!));

/** The cases that users brought: what is refused, by its message; what is read, as text of the first training example. */
const refused: Record<string, RegExp> = {
  "rte-latin1":
    /rte-latin1\/train\.tsv: it must be UTF-8, line 2 holds the byte 0xE9; if it is Latin-1 or Windows-1252, save it as UTF-8$/,
  "rte-numbers": /rte-numbers\/train\.tsv: a label must be entailment or not_entailment, current value is 0 in line 2$/,
  "rte-tab-in-text": /rte-tab-in-text\/train\.tsv: line 2 must have 4 parts, current value is 5$/,
};

Deno.test("every case of a data file is read as meant or refused with file and line", async () => {
  const names = [...Deno.readDirSync(cases)].map(({ name }) => name).sort();
  assert.deepEqual(names, [
    ...["e2e-bare-quotes", "e2e-mixed-ends", "rte-latin1", "rte-numbers", "rte-tab-in-text", "rte-utf16"],
  ]);
  for (const [name, message] of Object.entries(refused)) await assert.rejects(loadRte(`${cases}${name}`), { message });
  const utf16 = await loadRte(`${cases}rte-utf16`);
  assert.equal(utf16.train![0].text, "bought new hat came sold");
  const mixed = await loadE2e(`${cases}e2e-mixed-ends`);
  assert.equal(mixed.train![0].references[0], "The Mill serves French food.");
  assert.doesNotMatch(JSON.stringify([utf16, mixed]), /\\r|\uFFFD/);
  const quotes = await loadE2e(`${cases}e2e-bare-quotes`);
  assert.equal(quotes.train![0].references[0], 'The Mill serves "French" food.');
});

const HEADER = "index\tsentence1\tsentence2\tlabel";
const GOOD = `${HEADER}\n0\ta\tb\tentailment\n1\tc\td\tnot_entailment\n`;

const wrong: [what: string, train: string | Uint8Array, message: RegExp][] = [
  [
    "an empty text",
    `${HEADER}\n0\ta\tb\tentailment\n1\t \td\tnot_entailment\n`,
    /train\.tsv: a text must not be empty, line 3$/,
  ],
  [
    "a text of many characters",
    GOOD.replace("d\t", `${"d".repeat(131_073)}\t`),
    /train\.tsv: a text must have at most 131072 characters, current value is 131073, line 3$/,
  ],
  [
    "a single class",
    `${HEADER}\n0\ta\tb\tentailment\n`,
    /train\.tsv: it must hold examples of two classes, current number is 1$/,
  ],
  [
    "an index twice",
    GOOD.replace("1\tc", "0\tc"),
    /train\.tsv: an index must occur once, train\/0 occurs again, line 3$/,
  ],
  ["a lost letter", GOOD.replace("c\t", "caf\uFFFD\t"), /train\.tsv: it must be text, line 3 holds U\+FFFD/],
  ["a NUL", GOOD.replace("c\t", "c\0\t"), /train\.tsv: it must be text, line 3 holds a NUL character$/],
  [
    "half a character of UTF-16",
    Uint8Array.of(0xff, 0xfe, 0x41),
    /train\.tsv: it must be UTF-16 as its first two bytes say/,
  ],
];

for (const [what, train, message] of wrong) {
  Deno.test(`a file with ${what} is refused before the first cell, with file and line`, () =>
    inFolder({ "dev.tsv": GOOD }, async (folder) => {
      await Deno.writeFile(`${folder}/train.tsv`, typeof train === "string" ? new TextEncoder().encode(train) : train);
      await assert.rejects(loadRte(folder), { message });
      const study = parseStudy({ ...STUDY, taskFiles: folder }, presets.quick.study);
      await assert.rejects(cellsOf(study), (error) => error instanceof UsageError && message.test(error.message));
    }));
}

const STUDY = { models: ["use-lite"], tasks: ["rte"], methods: ["lora"], seeds: [0], device: "cpu" };

Deno.test("a carriage return inside a text is white space, and one alone ends a line where nothing else does", () =>
  inFolder({ "dev.tsv": GOOD.replaceAll("\n", "\r"), "train.tsv": GOOD.replace("c\t", "c\rc\t") }, async (folder) => {
    const { train, test } = await loadRte(folder);
    assert.equal(train![1].text, "c c");
    assert.equal(test!.length, 2);
  }));
