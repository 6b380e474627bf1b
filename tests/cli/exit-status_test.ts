/** Exit statuses of every command by one rule: 2 for what was asked wrongly, 1 for what failed. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { createProgram } from "../../cli/program.ts";
import { inFolder } from "../in-folder.ts";
import { runLines } from "./command-lines.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const bert = `${root}tests/golden/A/bert`;
const lora = `${bert}/cls/lora/adapter`;
/** A folder that nobody can write into, and results without a record. */
const [UNWRITABLE, EMPTY] = ["/dev/null/out", "EMPTY"];

/** A plug-in that breaks its contract. */
const TASK_WITHOUT_ROWS = `import { defineTask } from "@tunebench/tunebench/plugin";
export default defineTask({
  name: "no-rows",
  version: 1,
  kind: "classification",
  description: "none",
  labelling: "none",
  licence: "none",
  citation: "none",
  labels: ["no", "yes"],
  metrics: ["accuracy"],
  source: [],
  load: () => Promise.resolve({ pool: [] }),
});`;

/** For every command, arguments with which it fails though they are right; null: it reads nothing that could be wrong. */
const failing: Record<string, string[] | null> = {
  bench: ["smoke", "--out", UNWRITABLE],
  fetch: ["org/name"],
  report: [EMPTY],
  verify: [EMPTY],
  cite: [EMPTY],
  export: [`${EMPTY}/export`, EMPTY],
  // Standard input is empty.
  predict: ["--model", `${bert}/model`, "--adapter", lora],
  adapter: ["merge", lora, UNWRITABLE, "--model", `${bert}/model`],
  list: null,
  task: ["check", `${bert}/model/config.json`],
  plugin: ["check", "./plugin.ts"],
  doctor: ["--cache", UNWRITABLE],
  perf: ["accuracy", `${root}perf/accuracy-minilm.json`, "--model", `${bert}/model`, "--out", UNWRITABLE],
};
/** Arguments that come before a wrong flag. */
const before: Record<string, string[]> = {
  adapter: ["merge", "--model", "none"],
  predict: ["--adapter", "none"],
  task: ["check", "none.csv"],
  plugin: ["check", "none.ts"],
};

const { tasks } = JSON.parse(await Deno.readTextFile(`${root}deno.json`));

/** Variables of a command that is called in a folder. No server listens on this port. */
const variables = (folder: string) => ({
  NO_COLOR: "1",
  TUNEBENCH_CACHE: folder,
  HF_ENDPOINT: "http://127.0.0.1:9",
  INIT_CWD: folder,
});

/** Runs a command as `deno task` does. */
async function run(command: string, args: string[], folder: string) {
  const [, ...given] = tasks[command].command.split(" ");
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...given, ...args],
    cwd: root,
    env: variables(folder),
    stdin: "null",
  }).output();
  const [output, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes).trim());
  return { code, output, errors, line: `deno task ${command} ${args.join(" ")}: ${errors}` };
}

const commands = [...createProgram(() => {}).commands.map((command) => command.name()), "perf"];

Deno.test("every command ends with status 2 and one sentence where it is given a flag that it does not have", async () => {
  for (const command of commands) {
    const { code, errors, line } = await run(command, [...before[command] ?? [], "--nonesuch"], root);
    assert.equal(code, 2, line);
    assert.match(errors, /^Cannot run: [^\n]*--nonesuch[^\n]*$/i, line);
  }
});

Deno.test("every command ends with status 1 and a sentence where what it was rightly asked for fails", () =>
  inFolder({ [`${EMPTY}/runs/none`]: "", "plugin.ts": TASK_WITHOUT_ROWS }, async (folder) => {
    assert.deepEqual(Object.keys(failing).sort(), commands.toSorted());
    const { perf, ...others } = failing;
    const lines = Object.entries(others).flatMap(([command, args]) => args ? [[command, ...args]] : []);
    const ended = [...await runLines(lines, folder, variables(folder)), await run("perf", perf!, folder)];
    for (const [at, { code, errors }] of ended.entries()) {
      const said = `${lines[at] ?? "perf"}: ${errors}`;
      assert.equal(code, 1, said);
      assert.match(errors.trim(), /(^|\n)Cannot [^\n]*$/, said);
    }
  }));

Deno.test("perf --help lists every measurement, as does the message on one that there is not", async () => {
  const { code, output } = await run("perf", ["--help"], root);
  assert.equal(code, 0);
  const measurements = [...output.matchAll(/^ {2}([a-z]+) .*$/gm)].map(([, name]) => name);
  assert.equal(measurements.length, 15, output);
  const unknown = await run("perf", ["nonesuch"], root);
  assert.deepEqual(
    [unknown.code, measurements.every((name) => unknown.errors.includes(name))],
    [2, true],
    unknown.line,
  );
});
