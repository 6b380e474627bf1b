import assert from "node:assert/strict";
import { e2e } from "../../tasks/e2e.ts";
import { hashTaskFiles } from "../../tasks/task-files.ts";
import { makeFolder } from "../models/folder/copies.ts";

const files = {
  "trainset.csv":
    'mr,ref\n"name[A], food[Thai]","A, a ""Thai"" place"\nname[B],B\n"name[A], food[Thai]", A is\nThai. \n'
      .replace(" A is\nThai. ", '" A is\nThai. "'),
  "devset.csv": '"mr","ref"\r\n"name[C]","C."\r\n',
  "testset_w_refs.csv": "mr,ref\nname[D],D\nname[E],E\nname[D],D!\n",
};
const load = async (changes: Partial<typeof files> = {}) =>
  await e2e.load(await hashTaskFiles(await makeFolder({ ...files, ...changes }), e2e.files!));

Deno.test("e2e has each meaning representation once, with all its references unchanged, in the published splits", async () => {
  assert.deepEqual(await load(), {
    train: [
      { id: "train/0", text: "name[A], food[Thai]", references: ['A, a "Thai" place', " A is\nThai. "] },
      { id: "train/1", text: "name[B]", references: ["B"] },
    ],
    validation: [{ id: "validation/0", text: "name[C]", references: ["C."] }],
    test: [
      { id: "test/0", text: "name[D]", references: ["D", "D!"] },
      { id: "test/1", text: "name[E]", references: ["E"] },
    ],
  });
});

const wrong: [string, Partial<typeof files>, RegExp][] = [
  [
    "another header",
    { "devset.csv": "meaning,text\na,b\n" },
    /devset\.csv: its first row must be mr, ref, current value is meaning,text$/,
  ],
  ["a row too long", { "devset.csv": "mr,ref\na,b,c\n" }, /devset\.csv: it must hold comma-separated values, .*line 2/],
  ["an open quote", { "devset.csv": 'mr,ref\n"a,b\n' }, /devset\.csv: it must hold comma-separated values, /],
  ["an empty file", { "devset.csv": "" }, /devset\.csv: its first row must be mr, ref/],
];

for (const [what, changes, message] of wrong) {
  Deno.test(`e2e with ${what} is refused in one sentence`, async () => {
    await assert.rejects(load(changes), message);
  });
}

Deno.test("e2e without files is refused in one sentence", async () => {
  await assert.rejects(e2e.load(), { message: "Cannot read the task e2e: its files must be given" });
});
