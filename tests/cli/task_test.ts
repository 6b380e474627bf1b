import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { describeTables } from "../../cli/task-flags.ts";
import { renderTask } from "../../cli/output/task-check.ts";
import { UsageError } from "../../base/errors.ts";
import { openOwn } from "../../runs/study/find-task.ts";
import { inFolder } from "../in-folder.ts";

const cli = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));
const csv = 'id,body,stars\n1,"A good\nfilm",5\n2,bad,1\n3,fine,5\n4,poor \u001b[2J one,1\n';

async function run(...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-P=command", cli, "task", ...args],
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), errors: text(stderr) };
}

Deno.test("task check shows what was understood of a file; one that cannot be used is a sentence and status 1", () =>
  inFolder(
    { "own.csv": csv, "own.json": { data: "own.csv", columns: { text: "bdy", label: "stars" } } },
    async (folder) => {
      const [good, bad, wrong] = await Promise.all([
        run("check", `${folder}/own.csv`, "--text", "body", "--label", "stars"),
        run("check", `${folder}/own.json`),
        run("check", "rte"),
      ]);
      assert.equal(good.code, 0, good.errors);
      assert.match(good.out, /^own, version 1, classification\npool: own\.csv, 4 rows, SHA-256 [0-9a-f]{16}…\n/);
      assert.equal(bad.code, 1);
      assert.match(bad.errors, /^Cannot use .*own\.csv: it must have the column bdy, the nearest name is body\n$/);
      assert.equal(wrong.code, 2);
      assert.match(wrong.errors, /^Cannot check rte: it must be the path of a file, such as /);
    },
  ));

Deno.test("what task check shows has a line for each class, and no control characters of a file", () =>
  inFolder({ "own.csv": csv }, async (folder) => {
    const description = { columns: { text: "body", label: "stars" }, templates: ["{text} It was {answer}."] };
    const lines = renderTask(await openOwn({ data: `${folder}/own.csv`, ...description }));
    assert.deepEqual(lines.split("\n").slice(2, 12), [
      "columns: text body, label stars",
      "metrics: accuracy, macro_f1, matthews",
      "template: {text} It was {answer}.",
      "classes: 2",
      "  1: 2",
      "  5: 2",
      "lengths: 1 to 3 words, median 3",
      "texts that occur more than once: 0",
      "texts with different labels: 0",
      "always answering 1: accuracy 50.0 %",
    ]);
    assert.match(lines, / 5: A good\\nfilm/);
    assert.match(lines, / 1: poor \\u001b\[2J one/);
  }));

Deno.test("task check says how labels with decimals are learnt as numbers", () =>
  inFolder({ "own.csv": "body,score\na,0.5\nb,2\nc,0.5\nd,2\n" }, async (folder) => {
    const lines = renderTask(await openOwn({ data: `${folder}/own.csv`, columns: { text: "body", label: "score" } }));
    assert.match(
      lines,
      / {2}2: 2\n {2}these labels are numbers; "kind": "regression" in a description learns them as such\n/,
    );
  }));

Deno.test("flags describe files of rows alone, and say what is missing or out of range", async () => {
  const flags = { text: "body", label: "stars", encoding: "latin-1", dropMissing: true as const };
  assert.deepEqual(await describeTables(["rte", "./own.csv"], flags), ["rte", {
    data: "./own.csv",
    columns: { text: "body", label: "stars" },
    encoding: "latin-1",
    missing: "drop",
  }]);
  assert.deepEqual(await describeTables(["rte"], {}), ["rte"]);
  const refused = (entries: string[], flags: object, message: RegExp) =>
    assert.rejects(
      describeTables(entries, flags),
      (error: Error) => error instanceof UsageError && message.test(error.message),
    );
  await refused(["rte"], { label: "stars" }, /^Cannot use --label: --tasks must name a file of rows .* value is rte$/);
  await refused(["own.tsv"], { text: "body" }, /^Cannot use own\.tsv: --text and --label .*, --label is missing$/);
  await refused(["own.tsv"], { ...flags, encoding: "utf-9" }, /encoding must be one of utf-8, .* value is "utf-9"$/);
});
