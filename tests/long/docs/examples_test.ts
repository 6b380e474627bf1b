import assert from "node:assert/strict";
import type { Command } from "commander";
import { join } from "node:path";
import { createProgram } from "../../../cli/program.ts";
import config from "../../../deno.json" with { type: "json" };
import { notRun } from "../../docs/not-run.ts";
import { type Page, pages, root, tableOf } from "../../docs/pages.ts";
import { writeStandIns } from "../../docs/stand-ins.ts";

const tasks: Record<string, { command: string }> = config.tasks;

/** The folder that every command is run in: page after page, as a reader would. */
const folder = await Deno.makeTempDir({ prefix: "tunebench-examples-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
await writeStandIns(folder);
const bin = await writePrograms();

/** Programs deno and npx that run the tasks of deno.json in the folder where they are called. */
async function writePrograms(): Promise<string> {
  const bin = join(folder, ".bin");
  await Deno.mkdir(bin);
  const cases = Object.entries(tasks).filter(([, { command }]) => /^deno run .* (cli|perf)\/\w+\.ts\b/.test(command))
    .map((
      [name, { command }],
    ) => {
      const inPlace = command.replace(/^deno run/, `${Deno.execPath()} run --config ${join(root, "deno.json")}`)
        .replace(/ ((?:cli|perf)\/\w+\.ts)/, (_, path) => ` ${join(root, path)}`);
      return `  ${name}) exec ${inPlace} "$@" ;;`;
    });
  const lines = ["#!/bin/sh", "shift", 'name="$1"', "shift", 'case "$name" in', ...cases, "  *) exit 99 ;;", "esac"];
  await Deno.writeTextFile(join(bin, "deno"), `${lines.join("\n")}\n`, { mode: 0o755 });
  await Deno.writeTextFile(join(bin, "npx"), '#!/bin/sh\nshift 2\nexec deno "$@"\n', { mode: 0o755 });
  return bin;
}

/** A command of an sh block without its comment. */
function commandsOf(code: string): string[] {
  return code.split("\n").map((line) => line.replace(/\s+#.*$/, "").trim()).filter((line) => line !== "");
}

async function run(command: string) {
  const { code, stdout, stderr } = await new Deno.Command("bash", {
    args: ["-euo", "pipefail", "-c", await fillIds(command)],
    cwd: folder,
    env: { PATH: `${bin}:${Deno.env.get("PATH")}`, TUNEBENCH_CACHE: join(folder, ".cache"), NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), errors: text(stderr) };
}

/** A command with the name of the first adapter in the place of <id>. */
async function fillIds(command: string): Promise<string> {
  const place = /(\S+\/adapters)\/<id>/.exec(command);
  if (!place) return command;
  const names = (await Array.fromAsync(Deno.readDir(join(folder, place[1])))).map(({ name }) => name).sort();
  return command.replaceAll("<id>", names[0]);
}

/** Numbers differ from machine to machine, or are not measured on some, and columns differ in their width. */
function shape(line: string): string {
  return line.replace(/\b[0-9a-f]{16}\b|[+−]?\d[\d.,]*( [KM]iB)?|–/g, "0").replace(/\s+/g, " ").trim();
}

async function runPage({ blocks }: Page): Promise<void> {
  /** What the commands of the last block print; undefined where none of them was run. */
  let said: string | undefined = "";
  let replaced = false;
  for (const { language, code, file } of blocks) {
    if (language === "json" || language === "jsonc") await Deno.writeTextFile(join(folder, file!), code);
    if (language === "ts" && file === undefined) await runProgram(code);
    if (language === "text" && said !== undefined) {
      // Where something else was trained, answers may differ; their form does not.
      const form = (line: string) => replaced ? String(line.split("\t").length) : shape(line);
      const lines = said.split("\n").map(form);
      for (const line of code.trim().split("\n")) assert.ok(lines.includes(form(line)), `${line}\n${said}`);
    }
    if (language !== "sh") continue;
    said = undefined;
    for (const shown of commandsOf(code)) {
      const exception = Object.hasOwn(notRun, shown) ? notRun[shown] : undefined;
      if (typeof exception === "string") continue;
      replaced ||= exception !== undefined;
      const command = exception?.instead ?? shown;
      const { code, out, errors } = await run(command);
      assert.equal(code, 0, `${command}\n${errors}`);
      said = (said ?? "") + out;
    }
  }
}

/** Runs a program that a page shows; extending_test.ts type-checks it. */
async function runProgram(code: string): Promise<void> {
  const path = join(folder, "program.ts");
  await Deno.writeTextFile(path, code.replaceAll('"./mod.ts"', JSON.stringify(`file://${join(root, "mod.ts")}`)));
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-check", "--config", join(root, "deno.json"), "-A", path],
    cwd: folder,
    env: { TUNEBENCH_CACHE: join(folder, ".cache"), NO_COLOR: "1" },
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  assert.ok(stdout.length > 0);
}

for (const page of pages.values()) {
  if (page.blocks.length === 0) continue;
  Deno.test(`the examples of ${page.path} run, and print what it shows`, () => runPage(page));
}

const shown = [...pages.values()].flatMap(({ blocks }) => blocks)
  .filter(({ language }) => language === "sh").flatMap(({ code }) => commandsOf(code));

Deno.test("every command that is said not to be run is shown by a page", () => {
  for (const command of Object.keys(notRun)) assert.ok(shown.includes(command), command);
});

/** The commands of a program do nothing but read their arguments. */
function disarm(command: Command): Command {
  command.commands.forEach(disarm);
  // A command with others below it may do something, too: bench has arguments of its own.
  const acts = command.commands.length === 0 || command.registeredArguments.length > 0;
  return acts ? command.action(() => {}) : command;
}

Deno.test("commands that are not run have arguments and flags that the command line's parser takes", async () => {
  const names = createProgram(() => {}).commands.map((command) => command.name());
  for (const command of Object.keys(notRun)) {
    const [, name, rest] = /^(?:deno|npx -y deno@2) task (\S+) ?(.*)$/.exec(command) ?? [];
    if (name === undefined) continue;
    assert.ok(Object.hasOwn(tasks, name), command);
    const args = rest.split(" ").filter((arg) => arg !== "");
    if (names.includes(name)) await disarm(createProgram(() => {})).parseAsync([name, ...args], { from: "user" });
    if (name === "perf") await readPerf(args);
  }
});

/** Lets perf read its arguments, and stop at a device that does not exist. */
async function readPerf(args: string[]): Promise<void> {
  const { code, errors } = await run(`deno task perf ${args.join(" ")} --device none`);
  assert.equal(code, 2);
  assert.match(errors, /device none: it must be one of/);
}

Deno.test("docs/performance.md names every measurement of perf", async () => {
  const source = await Deno.readTextFile(join(root, "perf/perf.ts"));
  const [, table] = /const measurements: [^{]*\{\n(.*?)\n {2}\};/s.exec(source)!;
  const measurements = [...table.matchAll(/^ {4}(\w+):/gm)].map(([, name]) => name);
  const named = tableOf("docs/performance.md", "command", "What can be measured").map(([command]) =>
    /perf (\w+)/.exec(command)![1]
  );
  assert.deepEqual(named.sort(), measurements.sort());
});
