import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { devices } from "../../engine/devices/mod.ts";
import { methods } from "../../methods/mod.ts";
import { models } from "../../models/mod.ts";
import { presets } from "../../runs/study/presets.ts";
import { tasks } from "../../tasks/mod.ts";
import { inFolder } from "../in-folder.ts";
import { type Ended, runLines } from "./command-lines.ts";

const cli = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));

function start(args: string[], env: Record<string, string> = {}): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-P=command", cli, ...args],
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function run(args: string[], env?: Record<string, string>) {
  const { code, stdout, stderr } = await start(args, env).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), errors: text(stderr) };
}

Deno.test("wrong usage ends with status 2 and one sentence that names the nearest valid name", () =>
  inFolder({}, async (folder) => {
    const study = `${folder}/study.json`;
    await Deno.writeTextFile(study, '{"methods": [{"lora": {"rank": 0}}]}');
    const wrong: [string[], RegExp][] = [
      [["bench", "--modls", "use-lite"], /unknown option '--modls' .*--models/],
      [["bnch"], /unknown command 'bnch' .*bench/],
      [["bench", "quik"], /preset quik: the nearest name is quick/],
      [["bench", "--methods", "lora,lorra"], /method lorra: the nearest name is lora/],
      [["bench", "--methods", "lora+lora"], /Cannot join lora with itself/],
      [["bench", "--tasks", "brown/negatoin"], /task brown\/negatoin: the nearest name is brown\/negation/],
      [
        ["bench", "--models", "use-lit"],
        /model use-lit: the nearest name is use-lite; models of the hub are named org\/name/,
      ],
      [["bench", "--device", "cpuu"], /device cpuu: the nearest name is cpu/],
      [["bench", "--precision", "int7"], /precision int7: the nearest name is int8/],
      [["bench", "--precision", "int8"], /Cannot train full in int8: matrices must stay frozen/],
      [["bench", "smoke", "--precision", "int8", "--device", "js"], /Cannot compute in int8: the device must be cpu/],
      [["bench", "--seeds", "1.5"], /Cannot read seeds: .* current value is 1\.5/],
      [["bench", "--jobs", "0"], /Cannot read --jobs: .* current value is 0/],
      [["bench", "--keep", "all"], /--keep must be full/],
      [["bench", "--head", "classifier"], /Cannot read --head: it must be language-model, current value is classifier/],
      [["bench", "--template", "{text} {answer}"], /Cannot use --template: --head must be language-model, .* none/],
      [["bench", "--head", "language-model"], /the model use-lite with head language-model: it must have a language/],
      [["bench", "--launcher", "pbs"], /Cannot read --launcher: it must be slurm, current value is pbs/],
      [["bench", "--slurm", "time=1:00:00"], /Cannot use --slurm: --launcher must be slurm/],
      [["bench", "--launcher", "slurm", "--slurm", "array=1"], /sbatch's --array must be as TuneBench sets it/],
      [["bench", "--launcher", "slurm", "--events", "e.jsonl"], /Cannot use --launcher with --events/],
      [["bench", study], /lora.* rank .* current value is 0/],
      [["bench", `${folder}/none.json`], /Cannot read the study .*none\.json/],
      [["bench", "quick", "smoke"], /too many arguments/],
      [["list", "method"], /table method: the nearest name is methods/],
      [["list", "a\x1b[2Jb\n"], /table a\\u001b\[2Jb\\n: it must be one of/],
      [["list", "--\x1b[2J"], /unknown option '--\\u001b\[2J'/],
    ];
    const out = `${folder}/results`;
    const lines = wrong.map(([args]) => args[0] === "bench" ? [...args, "--out", out] : args);
    const check = ({ code, out: printed, errors }: Ended, at: number) => {
      const [args, message] = wrong[at];
      assert.equal(code, 2, `${args.join(" ")}: ${errors}`);
      assert.match(errors, message);
      assert.equal(errors.trim().split("\n").length, 1, errors);
      assert.equal(printed, "");
    };
    (await runLines(lines)).forEach(check);
    // An unknown flag is found before the command is started in a process of its own, an unknown preset by the command.
    for (const at of [0, 2]) check(await run(lines[at]), at);
    await assert.rejects(Deno.stat(out), Deno.errors.NotFound);
  }));

Deno.test("without a command the help is shown and the status is 2, with --help it is 0", async () => {
  const [none, help] = await Promise.all([run([]), run(["--help"])]);
  assert.equal(none.code, 2);
  assert.match(none.errors, /Usage: tunebench/);
  assert.equal(help.code, 0);
  assert.match(help.out, /Usage: tunebench/);
});

Deno.test("a failure ends with status 1 and one sentence, with a stack trace only if TUNEBENCH_DEBUG is set", () =>
  inFolder({}, async (folder) => {
    const [plain, debug] = await Promise.all([
      run(["report", folder]),
      run(["report", folder], { TUNEBENCH_DEBUG: "1" }),
    ]);
    assert.equal(plain.code, 1);
    assert.equal(plain.errors, `Cannot read results: ${folder} must hold a folder runs\n`);
    assert.equal(debug.code, 1);
    assert.match(debug.errors, /\n {4}at /);
    await Deno.writeTextFile(`${folder}/file`, "");
    const unwritable = await run(["bench", "smoke", "--out", `${folder}/file`]);
    assert.equal(unwritable.code, 1);
    assert.match(unwritable.errors, /^Cannot write results to .*file: the folder must be writable/);
    assert.equal(unwritable.errors.trim().split("\n").length, 1);
  }));

Deno.test("list names every entry of every table", async () => {
  const [json, text] = await Promise.all([run(["list", "--json"]), run(["list", "methods"])]);
  const listed = JSON.parse(json.out);
  const names = Object.entries(listed).map(([table, entries]) => [
    table,
    (entries as { name: string }[]).map(({ name }) => name),
  ]);
  assert.deepEqual(Object.fromEntries(names), {
    models: Object.keys(models),
    methods: Object.keys(methods),
    tasks: Object.keys(tasks),
    presets: Object.keys(presets),
    devices: Object.keys(devices),
  });
  const lines = text.out.trim().split("\n");
  assert.deepEqual(lines.slice(1).map((line) => line.trim().split(" ")[0]), Object.keys(methods));
});

Deno.test("a dry run shows every cell and leaves nothing", () =>
  inFolder({}, async (folder) => {
    const args = ["bench", "smoke", "--methods", "lora", "--seeds", "2", "--dry-run", "--out", `${folder}/results`];
    const { code, out } = await run(args);
    assert.equal(code, 0);
    const rows = out.split("\n").filter((line) => /^[0-9a-f]{16} /.test(line)).map((line) => line.split(/ +/));
    assert.deepEqual(rows.map(([, seed]) => seed), ["0", "1"]);
    // LoRA of rank 8 on the two fused qkv maps, 256→768 and 512→1536, and a classifier of 512 features and 2 classes.
    assert.deepEqual(rows.map((row) => row[5]), Array(2).fill(String(8 * (256 + 768 + 512 + 1536) + 2 * 513)));
    await assert.rejects(Deno.stat(`${folder}/results`), Deno.errors.NotFound);
  }));

Deno.test("bench leaves records and reports, resumes, and names a record that it cannot read", () =>
  inFolder({}, async (out) => {
    const args = ["bench", "smoke", "--methods", "linear-probe,lora", "--out", out];
    const first = await run(args);
    assert.equal(first.code, 0, first.errors);
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(first.errors + first.out, /\x1b/);
    assert.equal(first.errors.trim().split("\n").length, 3, first.errors);
    const reports = ["report.md", "results.csv", "runs.csv"].map((name) => `${out}/report/${name}`);
    for (const path of reports) {
      assert.ok((await Deno.stat(path)).size > 0);
      assert.ok(first.out.includes(path), path);
    }
    const records = (await Array.fromAsync(Deno.readDir(`${out}/runs`))).map(({ name }) => name).sort();
    assert.equal(records.length, 2);

    const second = await run(args);
    assert.equal(second.code, 0, second.errors);
    assert.equal(second.errors, "2 cells, 2 of them done before\n");

    const broken = `${out}/runs/${records[0]}`;
    await Deno.writeTextFile(broken, "{");
    const [third, report] = await runLines([args, ["report", out]]);
    assert.equal(third.code, 1);
    assert.ok(third.errors.includes(broken));
    assert.equal(await Deno.readTextFile(broken), "{");
    assert.equal(report.code, 1);
    assert.ok(report.errors.includes(broken));
  }));

Deno.test("Ctrl-C ends with status 130, says what is done, and the same command goes on", () =>
  inFolder({}, async (out) => {
    const args = ["bench", "smoke", "--methods", "linear-probe", "--seeds", "4", "--jobs", "1", "--out", out];
    const child = start(args);
    let errors = "";
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      errors += text;
      if (/\[1\/4\]/.test(text)) child.kill("SIGINT");
    }
    assert.equal((await child.status).code, 130, errors);
    await child.stdout.cancel();
    const done = Number(/Stopped: (\d) of 4 cells are done/.exec(errors)?.[1]);
    assert.ok(done >= 1 && done < 4, errors);
    const again = await run(args);
    assert.equal(again.code, 0, again.errors);
    assert.match(again.errors, new RegExp(`4 cells, ${done} of them done before`));
  }));

Deno.test("where the results folder is gone before the end, each loss is a sentence of its own, and the status is 1", () =>
  inFolder({}, async (root) => {
    const out = `${root}/results`;
    const args = ["bench", "smoke", "--methods", "linear-probe,lora", "--jobs", "1", "--out", out];
    const child = start(args);
    let errors = "";
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      errors += text;
      if (/\[1\/2\]/.test(text)) await Deno.rename(out, `${root}/elsewhere`);
    }
    assert.equal((await child.status).code, 1, errors);
    await child.stdout.cancel();
    const [, , failed, without, reports, ...more] = errors.trim().split("\n");
    // A worker under way may be ended before, as its claim is gone.
    assert.match(failed, /^\[2\/2\] lora on .*: failed, (.*; )?Cannot (claim|write) /);
    assert.equal(without, "1 of 2 cells without a result.");
    assert.match(reports, /^Cannot (write a report|read results): /);
    assert.deepEqual(more, []);
  }));
