import assert from "node:assert/strict";
import type { Command } from "commander";
import { fileURLToPath } from "node:url";
import { permissionFlags } from "../../../base/permissions.ts";
import { PROCESS_VIEWER } from "../../../base/processes.ts";
import { permissions, permissionsOf, wordsOf } from "../../../cli/start/permissions.ts";
import { createProgram } from "../../../cli/program.ts";
import { inFolder } from "../../in-folder.ts";

/** The flags with which a command is started that is given so. */
async function flagsOf(...args: string[]): Promise<Record<string, string[] | true>> {
  const program = createProgram(() => {});
  let found: string[] = [];
  program.hook("preAction", async (_, command) => {
    const granted = await permissionsOf(command);
    assert.ok(granted, "the command has a process of its own");
    found = permissionFlags(granted);
    throw new Error("known");
  });
  const variables = ["TUNEBENCH_CACHE", "HF_HUB_OFFLINE"].map((name) => [name, Deno.env.get(name)] as const);
  await assert.rejects(program.parseAsync(args, { from: "user" }), { message: "known" });
  // Flags of the cache are put into variables.
  for (const [name, value] of variables) value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value);
  const granted = found.filter((flag) => flag.startsWith("--allow-"));
  return Object.fromEntries(granted.map((flag) => {
    const [name, list] = flag.slice("--allow-".length).split(/=(.*)/);
    return [name, list?.split(",") ?? true];
  }));
}

/** Words of the commands that do something: those without others below them, and those that have arguments beside these. */
const leaves = ({ commands }: Command): string[] =>
  commands.flatMap((command) => {
    const acts = command.commands.length === 0 || command.registeredArguments.length > 0;
    return [...acts ? [wordsOf(command)] : [], ...leaves(command)];
  });

Deno.test("for every command it is said what it may touch", () => {
  assert.deepEqual(Object.keys(permissions).sort(), leaves(createProgram(() => {})).sort());
});

Deno.test("bench may read what its study and flags name, write the results folder, the cache and the events, and start programs by name", () =>
  inFolder({
    "study.json": '{ "models": ["./a/model"], "from": "./adapter", /* comments are allowed */ "taskFiles": "files" }',
    "a/model/config.json": "{}",
  }, async (folder) => {
    const cache = `${folder}/cache`;
    const given = [
      "bench",
      `${folder}/study.json`,
      "--cache",
      cache,
      "--out",
      `${folder}/out`,
      "--events",
      `${folder}/e`,
    ];
    const flags = await flagsOf(...given, "--models", `${folder}/b`);
    const cwd = Deno.cwd();
    for (const path of [`${folder}/study.json`, `${folder}/b`, `${cwd}/a/model`, `${cwd}/adapter`, `${cwd}/files`]) {
      assert.ok((flags.read as string[]).includes(path), path);
    }
    assert.deepEqual(flags.write, [cache, `${folder}/out`, `${folder}/e`]);
    assert.deepEqual(flags.run, [Deno.execPath(), "git", PROCESS_VIEWER]);
    assert.deepEqual([flags.net, flags.ffi], [undefined, undefined]);
  }));

Deno.test("a command reaches the hosts of the hub only where a model or a task of the hub is named, and not offline", async () => {
  const hosts = ["huggingface.co", "*.huggingface.co", "*.hf.co"];
  assert.deepEqual((await flagsOf("bench", "--models", "org/name")).net, hosts);
  assert.deepEqual((await flagsOf("bench", "--tasks", "rte")).net, hosts);
  const columns = { text: "a", label: "b" };
  await inFolder(
    { "hub.json": { data: "hub:org/name", columns }, "own.json": { data: "a.csv", columns } },
    async (folder) => {
      for (const [name, net] of [["hub.json", hosts], ["own.json", undefined]] as const) {
        assert.deepEqual((await flagsOf("bench", "--tasks", `${folder}/${name}`)).net, net);
        assert.deepEqual((await flagsOf("task", "check", `${folder}/${name}`)).net, net);
      }
    },
  );
  assert.equal((await flagsOf("bench", "--models", "./org/name")).net, undefined);
  assert.deepEqual((await flagsOf("fetch", "org/name")).net, hosts);
  assert.equal((await flagsOf("bench", "--models", "org/name", "--offline")).net, undefined);
});

Deno.test("report, cite and export touch their folders alone: they start nothing and ask the system nothing", async () => {
  for (const args of [["report", "/r", "--out", "/o"], ["cite", "/r"], ["export", "/e/x", "/r"]]) {
    const { read, write, env: _, ...others } = await flagsOf(...args);
    assert.ok((read as string[]).includes("/r"));
    assert.deepEqual(write, { report: ["/o"], cite: undefined, export: ["/e/x", "/e"] }[args[0]]);
    assert.deepEqual(others, {});
  }
});

Deno.test("where a path has a link on the way, what it leads to is named as well; of a path with a comma the folder above it", () =>
  inFolder({ "real/x": "" }, async (folder) => {
    await Deno.symlink(`${folder}/real`, `${folder}/link`);
    assert.deepEqual((await flagsOf("report", `${folder}/link/new`)).write, [
      `${folder}/link/new/report`,
      `${folder}/real/new/report`,
    ]);
    assert.ok(((await flagsOf("cite", `${folder}/a,b/c`)).read as string[]).includes(folder));
  }));

Deno.test("a command works on results behind a link", () =>
  inFolder({ "real/runs/1.json": "no record" }, async (folder) => {
    await Deno.symlink(`${folder}/real`, `${folder}/link`);
    const cli = fileURLToPath(new URL("../../../cli/main.ts", import.meta.url));
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "-P=command", cli, "cite", "link"],
      cwd: folder,
    }).output();
    const errors = new TextDecoder().decode(stderr);
    assert.equal(code, 1);
    assert.match(errors, /^Cannot read the record link\/runs\/1\.json, it is left out: it must be JSON/);
  }));
