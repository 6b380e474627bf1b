import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { runId, settingId } from "../../../runs/study/spec.ts";
import { inFolder } from "../../in-folder.ts";

const [cli, config] = ["cli/main.ts", "deno.json"].map((path) =>
  fileURLToPath(new URL(`../../../${path}`, import.meta.url))
);

const run = (...args: string[]) => runIn(undefined, ...args);

async function runIn(cwd: string | undefined, ...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-P=command", "--config", config, cli, ...args],
    cwd,
    stdout: "piped",
    stderr: "piped",
  }).output();
  const [out, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out, errors };
}

Deno.test("verify finds recorded runs identical, and names an edited score, an edited spec and another weight decay", () =>
  inFolder({}, async (folder) => {
    const out = `${folder}/results`;
    const study = {
      models: ["use-lite"],
      tasks: ["sentiment/amazon"],
      methods: ["linear-probe"],
      seeds: [0, 1],
      data: { train: 64, validation: 8, test: 16 },
      training: { epochs: 2, batchSize: 16 },
    };
    await Deno.writeTextFile(`${folder}/study.json`, JSON.stringify(study));
    const trained = await run("bench", `${folder}/study.json`, "--out", out);
    assert.equal(trained.code, 0, trained.errors);
    const same = await run("verify", out, "--sample", "1");
    assert.equal(same.code, 0, same.out + same.errors);
    assert.match(
      same.out,
      /^identical: [0-9a-f]{16}, linear-probe on sentiment\/amazon, seed \d\n1 run: 1 identical\n$/,
    );

    const paths = [...Deno.readDirSync(`${out}/runs`)].map(({ name }) => `${out}/runs/${name}`);
    const [first, second] = paths.map((path) => JSON.parse(Deno.readTextFileSync(path)));
    const write = (path: string, record: unknown) => Deno.writeTextFile(path, JSON.stringify(record));
    const edited = structuredClone(first);
    edited.scores.test.accuracy = 1;
    await write(paths[0], edited);
    await write(paths[1], { ...second, spec: { ...second.spec, seed: 7 } });
    // A whole record that says another weight decay than it was trained with.
    const spec = { ...first.spec, training: { ...first.spec.training, weightDecay: 0.5 } };
    const id = runId(spec);
    await write(`${out}/runs/${id}.json`, { ...first, id, setting: settingId(spec), spec });
    const elsewhere = { ...first.spec, model: { name: "own", revision: "ab".repeat(32) } };
    const lacking = runId(elsewhere);
    await write(`${out}/runs/${lacking}.json`, {
      ...first,
      id: lacking,
      setting: settingId(elsewhere),
      spec: elsewhere,
    });
    const found = await run("verify", out);
    assert.equal(found.code, 1);
    const expected = `./models/own-abababab must be the model folder or file own with the revision ${"ab".repeat(32)}`;
    assert(found.out.includes(`not repeated: ${lacking}, linear-probe on sentiment/amazon, seed `), found.out);
    assert(found.out.includes(`; ${expected}\n`), found.out);
    assert.match(found.out, new RegExp(`not to be trusted: .*${first.id}\\.json: .*score accuracy`));
    assert.match(found.out, new RegExp(`not to be trusted: .*${second.id}\\.json: .*`));
    assert.match(found.out, new RegExp(`different: ${id}, .*losses differ by up to .* of themselves`));
  }));

Deno.test("verify finds runs of regression and of several labels identical, and names an edited score", () =>
  inFolder({}, async (folder) => {
    const rows = Array.from({ length: 60 }, (_, at) => {
      const topics = ["food", "music"].filter((_, bit) => at >> bit & 1);
      return { text: `day ${at}: ${topics.join(" and ")}`, topics, count: topics.length + at / 100 };
    });
    const described = (kind: string, label: string) => ({
      name: kind,
      kind,
      data: `${folder}/rows.jsonl`,
      columns: { text: "text", label },
    });
    const study = {
      models: ["use-lite"],
      tasks: [described("regression", "count"), described("multi-label", "topics")],
      methods: ["linear-probe"],
      seeds: [0],
      data: { train: 32, validation: 8, test: 16 },
      training: { epochs: 2, batchSize: 16 },
    };
    await Deno.writeTextFile(`${folder}/rows.jsonl`, rows.map((row) => JSON.stringify(row)).join("\n"));
    await Deno.writeTextFile(`${folder}/study.json`, JSON.stringify(study));
    const out = `${folder}/results`;
    const trained = await run("bench", `${folder}/study.json`, "--out", out);
    assert.equal(trained.code, 0, trained.errors);
    // Its folder says where the rows of a task must lie.
    const lacking = await runIn(folder, "verify", out);
    for (const [place] of lacking.out.matchAll(/task-files\/\S+/g)) {
      await Deno.mkdir(`${folder}/${place}`, { recursive: true });
      await Deno.copyFile(`${folder}/rows.jsonl`, `${folder}/${place}/pool`);
    }
    const same = await runIn(folder, "verify", out);
    assert.equal(same.code, 0, same.out + same.errors);
    assert.match(same.out, /2 runs: 2 identical\n$/);
    for (const { name } of Deno.readDirSync(`${out}/runs`)) {
      const path = `${out}/runs/${name}`;
      const record = JSON.parse(Deno.readTextFileSync(path));
      record.scores.test[record.metrics[0].name] += 0.25;
      await Deno.writeTextFile(path, JSON.stringify(record));
    }
    const found = await runIn(folder, "verify", out);
    assert.equal(found.code, 1);
    for (const metric of ["pearson", "micro_f1"]) {
      assert.match(found.out, new RegExp(`not to be trusted: .*\\.json: .*score ${metric}`));
    }
  }));

Deno.test("verify refuses an unknown run and a sample that is no number", () =>
  inFolder({}, async (folder) => {
    await Deno.mkdir(`${folder}/empty/runs`, { recursive: true });
    const sample = await run("verify", `${folder}/empty`, "--sample", "x");
    assert.deepEqual([sample.code, sample.errors], [
      2,
      "Cannot read --sample: it must be a whole number from 1, current value is x\n",
    ]);
    const unknown = await run("verify", `${folder}/empty`, "0123456789abcdef");
    assert.equal(unknown.code, 2);
    assert.match(unknown.errors, /run 0123456789abcdef/);
  }));

Deno.test({
  name: "verify that is stopped ends with the signal's status, and its temporary folder is gone",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder({}, async (folder) => {
      const study = { methods: ["lora"], tasks: ["sentiment/amazon"], seeds: [0, 1], training: { epochs: 1 } };
      await Deno.writeTextFile(`${folder}/study.json`, JSON.stringify(study));
      const flags = ["--cache", `${folder}/cache`];
      assert.equal((await run("bench", `${folder}/study.json`, "--out", `${folder}/out`, ...flags)).code, 0);
      const child = new Deno.Command(Deno.execPath(), {
        args: ["run", "--quiet", "-P=command", cli, "verify", `${folder}/out`, ...flags],
        stdout: "null",
        stderr: "null",
      }).spawn();
      const temporary = () =>
        [...Deno.readDirSync(`${folder}/cache`)].map(({ name }) => name).filter((name) => /^verify\./.test(name));
      while (temporary().length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      child.kill("SIGTERM");
      assert.equal((await child.status).code, 143);
      assert.deepEqual(temporary(), []);
    }),
});
