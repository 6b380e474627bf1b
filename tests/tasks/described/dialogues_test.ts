import assert from "node:assert/strict";
import { join } from "node:path";
import { openDescribed } from "../../../tasks/described/described.ts";
import type { Description } from "../../../tasks/described/description.ts";
import { dataOf } from "../../../tasks/described/read.ts";
import { taskOfSpec } from "../../../runs/study/find-task.ts";
import { inFolder } from "../../in-folder.ts";

/** The task of a description whose data are these rows of JSON. */
function opened(rows: readonly object[], description: Partial<Description>) {
  return inFolder({ "d.jsonl": rows.map((row) => JSON.stringify(row)).join("\n") }, (folder) =>
    openDescribed({
      ...{ data: join(folder, "d.jsonl"), kind: "generation", dialogue: true, columns: { text: "turns" } },
      ...description,
    }));
}

// The form of the Schema-Guided Dialogue files: a dialogue a line, each turn a list of speaker and text.
const dialogues = [
  {
    id: "1_00000",
    services: ["Restaurants_2"],
    turns: [
      ["USER", "A table for two,\nplease."],
      ["SYSTEM", "In which city? At what time: now : later?"],
      ["USER", "Oslo, at 7."],
      ["SYSTEM", "It is booked."],
      ["USER", "Thanks."],
    ],
  },
  { id: "1_00001", services: ["Music_1"], turns: [["USER", "Play a song."], ["SYSTEM", "Which?"]] },
  { id: "1_00002", services: [], turns: [["USER", "Hello?"]] },
];

Deno.test("each turn of a speaker is an answer to the turns before it, and a dialogue is not torn apart", async () => {
  const { read, task } = await opened(dialogues, { speaker: "SYSTEM" });
  assert.deepEqual(dataOf(read).pool, [
    {
      id: "pool/1/2",
      group: "pool/1",
      text: "USER: A table for two, please.",
      references: ["In which city? At what time: now : later?"],
    },
    {
      id: "pool/1/4",
      group: "pool/1",
      text: "USER: A table for two, please.\nSYSTEM: In which city? At what time: now : later?\nUSER: Oslo, at 7.",
      references: ["It is booked."],
    },
    { id: "pool/2/2", group: "pool/2", text: "USER: Play a song.", references: ["Which?"] },
  ]);
  assert.deepEqual([read.sources[0].rows, read.sources[0].dropped], [3, 0]);
  const { dialogue, speaker } = task.described;
  assert.deepEqual([dialogue, speaker], [true, "SYSTEM"]);
  const ofSpec = taskOfSpec(task);
  assert.equal(ofSpec.kind === "generation" && ofSpec.dialogue, true);
});

Deno.test("without a speaker each turn but the first is an answer, also of lists of texts and of lines", async () => {
  const expected = [["a", ["b"]], ["a\nb", ["c"]]];
  for (const turns of [["a", "b", " ", "c"], "a\r\nb\n\nc\n"]) {
    const { read } = await opened([{ turns }], {});
    assert.deepEqual(dataOf(read).pool!.map(({ text, references }) => [text, references]), expected);
  }
});

Deno.test("a dialogue may have its answers in a column, and its groups too", async () => {
  const rows = [{ turns: ["hello", "who is there?"], reply: "it is me", topic: "doors" }];
  const columns = { text: "turns", references: "reply", group: "topic" };
  const { read } = await opened(rows, { columns });
  const example = { id: "pool/1", group: "doors", text: "hello\nwho is there?", references: ["it is me"] };
  assert.deepEqual(dataOf(read).pool, [example]);
});

Deno.test("what cannot be a dialogue is refused in one sentence", async () => {
  const refused = (change: Partial<Description>, message: RegExp, rows: readonly object[] = dialogues) =>
    assert.rejects(opened(rows, change), { message });
  await refused({ speaker: "SYSTM" }, /the speaker SYSTM must answer a turn, the nearest name is SYSTEM$/);
  await refused({ speaker: "A" }, /no turn begins with a name, as "USER: " is one$/, [{ turns: ["a", "b"] }]);
  await refused({}, /a dialogue must have two turns, none has$/, [{ turns: ["a"] }]);
  await refused({}, /turns must be a text, .*, it is a list of other things in line 1$/, [{ turns: [[["a", null]]] }]);
  await refused({ dialogue: undefined }, /a task of generation has columns.references or is a dialogue/);
  await refused(
    { columns: { text: "turns", references: "id" }, speaker: "USER" },
    /speaker says which turns of a dialogue are its answers/,
  );
  await refused(
    { kind: "classification", columns: { text: "turns", label: "id" } },
    /dialogue is of the kind generation, its kind is classification$/,
  );
});
