import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { describeTables } from "../../cli/task-flags.ts";
import { renderTask } from "../../cli/output/task-check.ts";
import { UsageError } from "../../base/errors.ts";
import { openOwn } from "../../runs/study/find-task.ts";
import { findFolder } from "../../models/mod.ts";
import type { Task } from "../../tasks/types.ts";
import { renderTokens } from "../../cli/output/token-lengths.ts";
import { inFolder } from "../in-folder.ts";

const cli = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));
const bert = fileURLToPath(new URL("../golden/A/bert/model", import.meta.url));
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
        run("check", "sentiment/amazn"),
      ]);
      assert.equal(good.code, 0, good.errors);
      assert.match(good.out, /^own, version 1, classification\npool: own\.csv, 4 rows, SHA-256 [0-9a-f]{16}…\n/);
      assert.equal(bad.code, 1);
      assert.match(bad.errors, /^Cannot use .*own\.csv: it must have the column bdy, the nearest name is body\n$/);
      assert.equal(wrong.code, 2);
      assert.match(wrong.errors, /^Cannot find task sentiment\/amazn: the nearest name is sentiment\/amazon\n$/);
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

Deno.test("task check says how many tokens texts have and how many are cut, and shows them as the model reads them", () =>
  inFolder({
    "config.json": Deno.readFileSync(`${bert}/config.json`),
    "model.safetensors": Deno.readFileSync(`${bert}/model.safetensors`),
    "vocab.txt": "[PAD]\n[UNK]\n[CLS]\n[SEP]\nthe\ngood\nbad\n##er\n.",
    "tokenizer_config.json": { do_lower_case: true, tokenizer_class: "BertTokenizer", unk_token: "[UNK]" },
  }, async (folder) => {
    const model = await findFolder(folder);
    const { maxLength } = model.shape;
    const example = (at: number, text: string, pair?: string) => ({ id: `${at}`, text, pair, label: at % 2 });
    // A word is a token, but that "gooder" is two, and a pair has three special tokens around it: 4, 6, …, 6 and two that are cut.
    const pool = [
      example(0, "The gooder"),
      example(1, "bad", "the good"),
      ...Array.from({ length: 36 }, (_, at) => example(at, `the good ${at % 2 ? "bad" : "good"} .`)),
      example(2, "good ".repeat(maxLength)),
      example(3, "bad ".repeat(63)),
    ];
    const task = { kind: "classification", name: "own" } as Task;
    const lines = (await renderTokens(model, task, { pool: pool.slice(2) })).split("\n");
    const name = folder.split("/").at(-1);
    assert.deepEqual(lines.slice(0, 4), [
      `tokens of ${name}: median 6, 95 % have at most 65, the longest has ${maxLength + 2}`,
      "cut at 64 tokens, as training.maxLength says by default: 2 of 38",
      `cut at ${maxLength} tokens, the most that ${name} reads: 2 of 38`,
      `as ${name} reads them:`,
    ]);
    const [pair] = (await renderTokens(model, task, { pool: [pool[1]] })).split("\n").slice(-1);
    assert.equal(pair, "  [CLS] bad [SEP] the good [SEP]");
    const [long] = (await renderTokens(model, task, { pool: [pool[39]] })).split("\n").slice(-1);
    assert.equal(long, `  [CLS] ${"bad ".repeat(62)}[SEP]`);
    assert.match(
      await renderTokens(model, task, { pool: [pool[0]] }),
      /median 5, .*\n.*\n.*\n.*\n {2}\[CLS\] the gooder \[SEP\]$/,
    );
  }));
