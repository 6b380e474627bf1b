import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { sizeOf } from "../base/shapes.ts";
import config from "../deno.json" with { type: "json" };
import { devices } from "../engine/devices/mod.ts";
import { methods } from "../methods/mod.ts";
import { architectures, models } from "../models/mod.ts";
import { groupResults } from "../reports/results.ts";
import { tableOf } from "../reports/table.ts";
import { cellsOf } from "../runs/launch/cells.ts";
import { presets } from "../runs/study/presets.ts";
import { parseStudy } from "../runs/study/study.ts";
import { tasks } from "../tasks/mod.ts";
import { makeRecord } from "./reports/record-factory.ts";

const root = new URL("../", import.meta.url);
const read = (path: string) => Deno.readTextFile(new URL(path, root));

const readme = await read("README.md");
const contributing = await read("CONTRIBUTING.md");

/** The text under a heading, up to the next of its level. */
function section(heading: string): string {
  const [, text] = readme.split(new RegExp(`^## ${heading}$`, "m"));
  assert.ok(text, `README.md must have a heading ${heading}`);
  return text.split(/^## /m)[0];
}

/** Rows of the table whose first column has that title, without code marks; a | inside a cell is none of its edges. */
function table(text: string, title: string): string[][] {
  const lines = text.split("\n");
  const first = lines.findIndex((line) => line.startsWith(`| ${title} `));
  assert.ok(first >= 0, `there must be a table of ${title}`);
  const rows = lines.slice(first + 2);
  const end = rows.findIndex((line) => !line.startsWith("|"));
  return rows.slice(0, end).map((line) => line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim()));
}

/** What a cell has between backticks. */
function named(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
}

Deno.test("every relative link of the documents leads to a file", async () => {
  const documents = {
    "README.md": readme,
    "CONTRIBUTING.md": contributing,
    "CHANGELOG.md": await read("CHANGELOG.md"),
  };
  for (const [name, text] of Object.entries(documents)) {
    for (const [, target] of text.matchAll(/\]\(([^)#]+)[^)]*\)/g)) {
      if (/^https:/.test(target)) continue;
      await assert.doesNotReject(Deno.stat(new URL(target, root)), `${name} links to ${target}`);
    }
  }
});

Deno.test("every file that the documents name in code marks exists", async () => {
  const shown = [...contributing.matchAll(/^`(\S+\.ts)`$/gm)].map(([, path]) => path);
  const paths = [...`${readme}\n${contributing}`.matchAll(/`((?:[\w.-]+\/)+[\w.-]*|[\w-]+\.ts)`/g)].map(([, path]) =>
    path
  )
    .filter((path) => !shown.includes(path) && !/^(results|sentiment|brown|wordnet)\//.test(path));
  assert.ok(paths.length > 10);
  for (const path of paths) await assert.doesNotReject(Deno.stat(new URL(path, root)), path);
});

Deno.test("every deno task of the documents is one of deno.json, and README.md has a row for each but doc", () => {
  const used = [...`${readme}\n${contributing}`.matchAll(/(?:deno|deno@2) task ([\w-]+)/g)].map(([, name]) => name);
  assert.ok(used.length > 5);
  for (const name of used) assert.ok(Object.hasOwn(config.tasks, name), name);
  const rows = table(section("Commands"), "task");
  assert.deepEqual(
    rows.map(([name]) => named(name)[0]).sort(),
    Object.keys(config.tasks).filter((name) => name !== "doc").sort(),
  );
  const sets: Record<string, object> = config.permissions;
  for (const [name, , permissions] of rows) {
    const set = sets[named(name)[0]];
    if (set) assert.deepEqual(permissions.split(", ").sort(), Object.keys(set).sort(), name);
  }
  assert.ok(section("Commands").includes(`set \`worker\` (${Object.keys(sets.worker).join(", ")})`));
});

Deno.test("README.md names the flags of bench and predict", async () => {
  for (const [command, heading] of [["bench", "Commands"], ["predict", "Using what was trained"]]) {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "-P=list", fileURLToPath(new URL("cli/main.ts", root)), command, "--help"],
      env: { NO_COLOR: "1" },
    }).output();
    const flags = [...new TextDecoder().decode(stdout).matchAll(/^ {2}(?:-h, )?(--[\w-]+)/gm)].map(([, flag]) => flag);
    assert.deepEqual(
      table(section(heading), "flag").map(([flag]) => named(flag)[0]).sort(),
      flags.filter((flag) => flag !== "--help").sort(),
    );
  }
});

Deno.test("README.md names every method with every option and its default", () => {
  assert.deepEqual(table(section("Methods"), "method").map(([name]) => named(name)[0]), Object.keys(methods));
  const [, options] = section("Methods").split("Options, as a study names them");
  const documented = table(options, "method").map((row) => row.slice(0, 3).map((cell) => named(cell)[0]));
  const actual = Object.values(methods).flatMap((method) =>
    Object.entries(method.options.parse({})).map(([option, value]) => [method.name, option, JSON.stringify(value)])
  );
  assert.deepEqual(documented.map(String).sort(), actual.map(String).sort());
});

Deno.test("README.md names every model with its parameters and licence", () => {
  assert.deepEqual(
    table(section("Models"), "model").map(([name, , parameters, licence]) => [named(name)[0], parameters, licence]),
    Object.values(models).map(({ name, shape, licence }) => {
      const sizes = Object.values(shape.weights).map(sizeOf);
      return [name, sizes.reduce((sum, size) => sum + size).toLocaleString("en-US"), licence];
    }),
  );
});

Deno.test("README.md names every kind of model that a folder may hold", () => {
  const rows = table(section("Models"), "`model_type`");
  assert.deepEqual(rows.map(([type]) => named(type)[0]), Object.keys(architectures));
});

Deno.test("README.md names every task with its classes, examples, package and licence", async () => {
  const rows = table(section("Tasks"), "task");
  assert.deepEqual(rows.map(([name]) => named(name)[0]), Object.keys(tasks));
  for (const [name, , classes, examples, source, licence] of rows) {
    const task = tasks[named(name)[0]];
    assert.equal(classes, task.kind === "classification" ? String(task.labels.length) : "–", name);
    if (task.files) assert.deepEqual(named(source), ["--task-files", ...task.files]);
    else {
      assert.equal(examples, (await task.load()).pool!.length.toLocaleString("en-US"), name);
      assert.equal(named(source)[0], task.source[0].path.split("/")[0], name);
    }
    assert.equal(licence, task.licence, name);
  }
});

Deno.test("README.md says what every preset compares", () => {
  assert.deepEqual(
    table(section("Presets"), "preset").map(([name, tasks, ...rest]) => [named(name)[0], named(tasks), ...rest]),
    Object.entries(presets).map(([name, { study }]) => [
      name,
      study.tasks,
      String(study.methods.length),
      String(study.seeds.length),
      Object.values(study.data).join(" / "),
    ]),
  );
});

Deno.test("README.md names every device", () => {
  assert.deepEqual(table(section("Devices"), "device").map(([name]) => named(name)[0]), Object.keys(devices));
});

Deno.test("the study of README.md is a valid one, and its text names the keys that it leaves out", async () => {
  const [, json] = /```json\n(.*?)```/s.exec(section("Studies"))!;
  const given = JSON.parse(json);
  const study = parseStudy(given, presets.quick.study);
  const cells = await cellsOf(study);
  assert.equal(cells.length, study.tasks.length * study.methods.length * study.seeds.length);
  const text = named(section("Studies").split("```").at(-1)!);
  const left = (whole: object, part: object) => Object.keys(whole).filter((key) => !Object.hasOwn(part, key));
  for (const key of [...left(study, given), ...left(cells[0].spec.training, given.training)]) {
    assert.ok(text.includes(key), key);
  }
});

Deno.test("README.md explains every column of a report's table", () => {
  const flagged = makeRecord({ change: ({ checks }) => checks.flags.forEach((flag) => flag.raised = true) });
  const [protocol] = groupResults([flagged], []).protocols;
  const { header } = tableOf(protocol, { text: (text) => text, best: (score) => score });
  assert.deepEqual(table(section("Reading the tables"), "column").map(([title]) => title), header.slice(1));
});

Deno.test("deno.json, CITATION.cff and CHANGELOG.md name the same version", async () => {
  assert.match(await read("CITATION.cff"), new RegExp(`^version: ${config.version}$`, "m"));
  const [latest] = /(?<=^## )\S+/m.exec(await read("CHANGELOG.md"))!;
  assert.equal(latest, config.version);
});

Deno.test("the gate runs the test command of README.md with Deno pinned exactly", async () => {
  const command = /^npx -y deno@2 task test$/m.exec(readme);
  assert.ok(command);
  const gate = await read(".ci/run");
  const versions = [...gate.matchAll(/deno@(\S+)/g)].map(([, version]) => version);
  assert.equal(new Set(versions).size, 1);
  assert.match(versions[0], /^\d+\.\d+\.\d+$/);
  assert.ok(gate.includes(command[0].replace("@2 ", `@${versions[0]} `)));
});
