/** Plug-ins from planning to predictions. Those of docs/plugins stand in a folder of their own. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { UsageError } from "../../../../base/errors.ts";
import { Random } from "../../../../base/random.ts";
import { sizeOf } from "../../../../base/shapes.ts";
import { exportResults } from "../../../../reports/export/export.ts";
import { writeReport } from "../../../../reports/mod.ts";
import { bench, estimateBench } from "../../../../runs/launch/launcher.ts";
import { listPlugins } from "../../../../runs/launch/plugins/list-plugins.ts";
import { planCells } from "../../../../runs/launch/plugins/plan-cells.ts";
import { submitStudy } from "../../../../runs/slurm/submit.ts";
import { readSubmission } from "../../../../runs/slurm/submission.ts";
import type { Cell } from "../../../../runs/study/cell.ts";
import { titlesOf } from "../../../../runs/study/labels.ts";
import { presets } from "../../../../runs/study/presets.ts";
import { readRecords } from "../../../../runs/study/read-records.ts";
import { readStudy, type Study } from "../../../../runs/study/study.ts";
import { inFolder } from "../../../in-folder.ts";
import { safetensors } from "../../../models/folder/copies.ts";
import { sha256 } from "../../../models/hub/server.ts";
import { reproducible, workersOf } from "../../../soak/soak.ts";
import { willing, withSlurm } from "../../../runs/slurm/fake-slurm.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const names = ["added-bias", "feedback", "random-words"];

/** Calls `work` with a folder in which the plug-ins of docs/plugins lie, and the study that uses all of them. */
const withPlugins = (work: (folder: string, study: Study) => Promise<void>) =>
  inFolder({}, async (folder) => {
    for (const name of [...names.map((name) => `${name}.ts`), "feedback.tsv"]) {
      await Deno.copyFile(`${root}docs/plugins/${name}`, `${folder}/${name}`);
    }
    await work(folder, {
      ...presets.smoke.study,
      models: ["random-words"],
      tasks: ["feedback"],
      methods: ["added-bias", "lora"],
      seeds: [0],
      data: { train: 48, validation: 32, test: 36 },
      plugins: names.map((name) => `${folder}/${name}.ts`),
    });
  });

/** Runs a command. */
async function run(folder: string, args: string[], input = "") {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-P=command", "--config", `${root}deno.json`, `${root}cli/main.ts`, ...args],
    cwd: folder,
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const [out, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out, errors };
}

Deno.test("a method, a task and a model of a folder of their own are trained, reported, kept, made again and used", () =>
  withPlugins(async (folder, study) => {
    const out = `${folder}/results`;
    const { trained, failures } = await bench(study, { out });
    assert.deepEqual([trained, failures], [2, []]);
    const { records } = await readRecords(out);
    const record = records.find(({ spec }) => spec.method[0].name === "added-bias")!;
    const { model, task, method: [method] } = record.spec;
    assert.deepEqual(
      [model.name, task.name, method.name].map((name, at) => [name, [model, task, method][at].plugin!.length]),
      [["random-words", 64], ["feedback", 64], ["added-bias", 64]],
    );
    assert.match(record.papers!["added-bias"], /Ben Zaken/);
    const { terminal } = await writeReport([out], `${out}/report`);
    assert.match(terminal, /feedback, random-words[^]*added-bias/);

    // The results folder has the code; the study that it holds is the same one, and has nothing left to train.
    await Deno.remove(`${folder}/added-bias.ts`);
    const again = await readStudy(`${out}/study.json`, presets.quick.study);
    assert.deepEqual(await bench(again, { out }), { cells: 2, recorded: 2, trained: 0, failures: [] });
    await exportResults([out], `${folder}/bundle`);
    const bundled = await planCells(await readStudy(`${folder}/bundle/study.json`, presets.quick.study));
    assert.deepEqual(bundled.map(({ id }) => id).sort(), records.map(({ id }) => id).sort());

    const kept = again.plugins!.flatMap((plugin) => ["--plugin", plugin]);
    const adapter = ["predict", "--adapter", `${out}/adapters/${record.id}`];
    const { code, out: answer, errors } = await run(folder, [...adapter, ...kept], "Thank you, I love it.\n");
    assert.deepEqual([code, answer.split("\t").length], [0, 4], errors);
    const bare = await run(folder, adapter, "Thank you.\n");
    assert.equal(bare.code, 2);
    assert.match(
      bare.errors,
      /^Cannot find the model random-words .* --plugin must name .*plugins\/[0-9a-f]{16}\/plugin\.json\n$/,
    );

    const unasked = await run(folder, ["verify", out, record.id]);
    assert.match(unasked.out, /^not repeated: .*; --plugin must name its plug-in, .*\/plugin\.json/);
    const verified = await run(folder, ["verify", out, record.id, ...kept]);
    assert.match(verified.out, /^identical: /, verified.errors);
  }));

Deno.test("a change of a plug-in's code changes the ids of the runs that use it, and of no other", () =>
  withPlugins(async (folder, study) => {
    const planned: Cell[] = [];
    const idsOf = async () => {
      const cells = await planCells(study);
      planned.push(...cells);
      return new Map(cells.map(({ id, spec }) => [spec.method[0].name, id] as const));
    };
    const before = await idsOf();
    const path = `${folder}/added-bias.ts`;
    await Deno.writeTextFile(path, (await Deno.readTextFile(path)).replace("() => 0)", "() => 0.01)"));
    const after = await idsOf();
    assert.notEqual(after.get("added-bias"), before.get("added-bias"));
    assert.equal(after.get("lora"), before.get("lora"));
    const titles = [...titlesOf(planned).values()].sort();
    assert.match(
      titles.join("\n"),
      /^(added-bias \(plug-in [0-9a-f]{8}\) on feedback, seed 0\n){2}lora on feedback, seed 0$/,
    );
    // The task's rows are part of it.
    await Deno.writeTextFile(`${folder}/feedback.tsv`, "It is green.\tpraise\n", { append: true });
    assert.notEqual((await idsOf()).get("lora"), before.get("lora"));
    // A run that uses none of them is the run that it was without them.
    const plain = { ...study, models: ["use-lite"], tasks: ["sentiment/amazon"], methods: ["lora"] };
    const [[one], [other]] = [await planCells(plain), await planCells({ ...plain, plugins: undefined })];
    assert.deepEqual(one, other);
  }));

Deno.test("plug-ins are listed, estimated and submitted to Slurm as copies that no longer change", () =>
  withPlugins(async (folder, study) => {
    const provided = await listPlugins(study.plugins!);
    assert.deepEqual(provided.map(({ kind, listed }) => [kind, listed.name]), [
      ["method", "added-bias"],
      ["task", "feedback"],
      ["model", "random-words"],
    ]);
    const [{ estimate }] = await estimateBench({ ...study, methods: ["added-bias"] });
    // Outputs of the one linear map; the classifier has two classes.
    assert.deepEqual([estimate.parameters.method, estimate.parameters.head], [256, 2 * 257]);
    await withSlurm(willing, async () => {
      const out = `${folder}/out`;
      const { arrays: [{ folder: submitted }], pending } = await submitStudy(study, { out, flags: [], task: ["run"] });
      const { study: { plugins }, runs } = await readSubmission(submitted);
      assert.deepEqual([pending, plugins!.length], [2, 3]);
      await Deno.writeTextFile(`${folder}/added-bias.ts`, "changed meanwhile");
      const cells = await planCells({ ...study, plugins });
      assert.deepEqual(cells.map(({ id }) => id).sort(), Object.keys(runs).sort());
    });
  }));

Deno.test("a plug-in that reaches out of its worker or ends it is refused with its file before anything is trained", () =>
  inFolder({
    "writes.ts": 'await Deno.writeTextFile(new URL("./written", import.meta.url), "x");',
    "reads.ts": 'await import(["./writes", "ts"].join("."));',
    "reaches.ts": 'await fetch("https://example.com/");',
    "starts.ts": 'new Deno.Command("ls").outputSync();',
    "ends.ts": "Deno.exit(0);",
    "late.ts": `import { z } from "zod";
import { commonOptions, defineMethod } from "@tunebench/tunebench/plugin";
export default defineMethod({
  name: "late", description: "-", paper: "-", options: z.strictObject(commonOptions(1)),
  parameters: () => [Deno.readTextFileSync("/etc/hostname")] as never,
  trains: () => [], count: () => 0, identityAtStart: true, hooks: () => ({}),
});`,
  }, async (folder) => {
    const cases: Record<string, RegExp> = {
      "writes.ts": /reach no network, it asks for write access to ".*written"$/,
      "reads.ts": /reach no network, it asks for read access to ".*writes\.ts"$/,
      "reaches.ts": /reach no network, it asks for net access to "example\.com:443"$/,
      "starts.ts": /reach no network, it asks for run access to "ls"$/,
      "ends.ts": /it must not end its process, which ended while it was loaded$/,
      "late.ts": /reach no network, it asks for read access to "\/etc\/hostname"$/,
    };
    const study = { ...presets.smoke.study, methods: ["late"], seeds: [0] };
    for (const [name, message] of Object.entries(cases)) {
      const plugins = [`${folder}/${name}`];
      await assert.rejects(bench({ ...study, plugins }, { out: `${folder}/out` }), (error: Error) => {
        assert.match(error.message, message);
        assert.ok(error instanceof UsageError, name);
        return error.message.startsWith("Cannot use ") && error.message.includes(plugins[0]);
      });
    }
    assert.deepEqual(
      (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort(),
      Object.keys(cases).sort(),
    );
  }));

Deno.test("what a plug-in prints reaches the user with its name, and what fails in it is said with file and line", () =>
  withPlugins(async (folder) => {
    const path = `${folder}/added-bias.ts`;
    const code = await Deno.readTextFile(path);
    const flags = ["--methods", "added-bias", "--seeds", "0,", "--plugin", "./added-bias.ts"];
    // A line that looks like a message of a worker is none.
    const printing = `console.log("width %d of", 3, { a: 1 });\nconsole.error('{"type":"done"');\n${code}`;
    await Deno.writeTextFile(path, printing);
    const said = await run(folder, ["bench", "smoke", ...flags, "--out", "said"]);
    assert.equal(said.code, 0, said.errors);
    assert.match(said.errors, /^\.\/added-bias\.ts: width 3 of \{ a: 1 \}\n\.\/added-bias\.ts: \{"type":"done"\n/m);
    // The library of tensors throws, some calls below the hook.
    await Deno.writeTextFile(path, code.replace("y.add(parameters[`${name}.v`])", "y.add(parameters.none)"));
    const line = code.split("\n").findIndex((line) => line.includes("y.add(")) + 1;
    const failed = await run(folder, ["bench", "smoke", ...flags, "--out", "failed"]);
    assert.equal(failed.code, 1, failed.errors);
    assert.match(
      failed.errors + failed.out,
      new RegExp(`Cannot use \\./added-bias\\.ts: .*must be a Tensor.*, in .*/added-bias\\.ts, line ${line}`),
    );
  }));

Deno.test("a plug-in in a folder of another model_type reads its config and weights, and keeps its contract", () =>
  withPlugins(async (folder) => {
    const config = { model_type: "bag-of-words", vocab_size: 64, hidden_size: 8, features: 16 };
    const shapes = { "embeddings": [64, 8], "pooler.weight": [8, 16], "pooler.bias": [16] };
    const random = new Random(0, "bag of words");
    const tensors = Object.fromEntries(
      Object.entries(shapes).map(([name, shape]) => {
        const values = Float32Array.from({ length: sizeOf(shape) }, () => random.uniform() - 0.5);
        return [name, { dtype: "F32", shape, bytes: new Uint8Array(values.buffer) }];
      }),
    );
    const weights = safetensors(tensors);
    const code = await Deno.readTextFile(`${folder}/random-words.ts`);
    const changes: [string | RegExp, string][] = [
      [
        "const VOCABULARY",
        `import config from "./config.json" with { type: "json" };
import weights from "./model.safetensors" with { type: "bytes" };\n\nconst VOCABULARY`,
      ],
      ["= 4096", "= config.vocab_size"],
      ["= 128", "= config.hidden_size"],
      ["= 256", "= config.features"],
      [/[0-9a-f]{64}/, sha256(weights)],
      [/async function build[^]*?\n}\n/, "const build = (path: string) => Deno.writeFile(path, weights);\n"],
    ];
    const model = `${folder}/model`;
    await Deno.mkdir(model);
    await Deno.writeTextFile(`${model}/config.json`, JSON.stringify(config));
    await Deno.writeFile(`${model}/model.safetensors`, weights);
    await Deno.writeTextFile(
      `${model}/bag.ts`,
      changes.reduce((text, [from, to]) => text.replace(from, to), code.replaceAll("random-words", "bag-of-words")),
    );
    const checked = await run(folder, ["plugin", "check", "./model/bag.ts"]);
    assert.equal(checked.code, 0, checked.errors + checked.out);
    assert.match(checked.out, /^model bag-of-words\n/);
  }));

Deno.test("a cell of plug-ins whose worker is killed goes on from its checkpoint to the record of an undisturbed one", () =>
  withPlugins(async (folder, study) => {
    const long = { ...study, methods: ["added-bias"], training: { ...study.training, epochs: 300, batchSize: 1 } };
    await Deno.writeTextFile(`${folder}/study.json`, JSON.stringify(long));
    const start = (out: string) =>
      new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "--quiet", "-P=command", `${root}cli/main.ts`, "bench", `${folder}/study.json`],
          ...["--out", `${folder}/${out}`, "--checkpoint", "0.1"],
        ],
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).spawn();
    const killed = start("killed");
    let hasEnded = false;
    killed.status.then(() => hasEnded = true);
    const checkpoints = `${folder}/killed/checkpoints`;
    while (!hasEnded && (await Array.fromAsync(Deno.readDir(checkpoints)).catch(() => [])).length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const [worker] = await workersOf(killed.pid);
    Deno.kill(worker, "SIGKILL");
    assert.equal((await killed.status).code, 1);
    for (const out of ["killed", "calm"]) assert.ok((await start(out).status).success, out);
    const [[resumed], [calm]] = await Promise.all(
      ["killed", "calm"].map(async (out) => (await readRecords(`${folder}/${out}`)).records),
    );
    assert.deepEqual([resumed.time.parts?.length, calm.time.parts], [2, undefined]);
    assert.equal(JSON.stringify(reproducible(resumed)), JSON.stringify(reproducible(calm)));
    const stored = (out: string) => Deno.readFile(`${folder}/${out}/adapters/${calm.id}/adapter_model.safetensors`);
    assert.deepEqual(await stored("killed"), await stored("calm"));
  }));
