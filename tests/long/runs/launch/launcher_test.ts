import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { BenchEvent } from "../../../../runs/launch/events.ts";
import { bench, estimateBench } from "../../../../runs/launch/launcher.ts";
import { cellsOf } from "../../../../runs/launch/cells.ts";
import { presets } from "../../../../runs/study/presets.ts";
import { readRecords } from "../../../../runs/study/read-records.ts";
import { formerIds } from "../../../../runs/study/spec.ts";
import { parseStudy } from "../../../../runs/study/study.ts";
import {
  CRASHES,
  GROWS,
  GROWTH,
  HANGS,
  LOGS,
  RESERVES,
  SLEEPS,
  SPINS,
  TELLS_TOKEN,
} from "../../../runs/launch/fake-worker.ts";
import { inFolder } from "../../../in-folder.ts";
import { goldenConfig, goldenTensors, makeFolder, safetensors } from "../../../models/folder/copies.ts";
import { names, oneCell, quiet, smoke, worker } from "./fake-benches.ts";

const alive = (pid: number) =>
  new Deno.Command("kill", { args: ["-0", String(pid)], stderr: "null" }).outputSync().success;

async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; !(await condition()); tries++) {
    assert.ok(tries < 1200, `waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Process ids of the workers that hang. */
async function hangingWorkers(out: string): Promise<number[]> {
  const files = (await names(out)).filter((name) => name.startsWith("pid-"));
  return await Promise.all(files.map(async (name) => Number(await Deno.readTextFile(`${out}/${name}`))));
}

function startLauncher(out: string, seeds: string, megabytes = 0, patience = 30): Deno.ChildProcess {
  const path = fileURLToPath(new URL("../../../runs/launch/launch.ts", import.meta.url));
  const args = ["run", "--quiet", "--allow-all", path, out, seeds, String(megabytes), String(patience)];
  return new Deno.Command(Deno.execPath(), { args, stdout: "null", stderr: "inherit" }).spawn();
}

Deno.test("a run of a model's folder is not trained again under another name, nor where its record has an id of before", () =>
  inFolder({}, async (out) => {
    const files = {
      "config.json": await goldenConfig(),
      "model.safetensors": safetensors(await goldenTensors()),
      "vocab.txt": "[PAD]\n[UNK]\n[CLS]\n[SEP]",
    };
    const [a, b] = [await makeFolder(files), await makeFolder(files, "copy")];
    const trained = async (folder: string) =>
      (await bench({ ...oneCell(0), models: [folder] }, { ...quiet, out, onEvent() {} })).trained;
    assert.deepEqual([await trained(a), await trained(b)], [1, 0]);
    const [record] = (await readRecords(out)).records;
    await Deno.remove(`${out}/runs/${record.id}.json`);
    const former = { ...record, ...formerIds(record.spec) };
    await Deno.writeTextFile(`${out}/runs/${former.id}.json`, JSON.stringify(former));
    assert.deepEqual([await trained(a), await trained(b)], [0, 0]);
  }));

Deno.test("every cell leaves a valid record, and a second bench trains nothing", () =>
  inFolder({}, async (out) => {
    const events: BenchEvent[] = [];
    const first = await bench(smoke, { ...quiet, out, onEvent: (event) => events.push(event) });
    assert.deepEqual(first, { cells: 3, recorded: 0, trained: 3, failures: [] });
    const { records, unreadable } = await readRecords(out);
    assert.deepEqual(unreadable, []);
    assert.deepEqual(records.map(({ id }) => id), (await cellsOf(smoke)).map(({ id }) => id).sort());
    for (const record of records) {
      assert.equal(record.scores.test.accuracy, 0.75);
      assert.equal(record.memory.planned.total, 15);
      assert.equal(record.environment.versions.deno, Deno.version.deno);
    }
    assert.deepEqual(await names(`${out}/runs`), records.map(({ id }) => `${id}.json`));
    assert.deepEqual(await names(`${out}/failed`), []);
    assert(events[0].type === "cells");
    assert.deepEqual([events[0].cells, events[0].recorded, events[0].all.length], [3, 0, 3]);
    const lora = events.filter((event) => "cell" in event && event.cell.spec.method[0].name === "lora");
    assert.deepEqual(lora.map(({ type }) => type), ["start", "step", "step", "done"]);

    const before = await Promise.all(
      (await names(`${out}/runs`)).map((name) => Deno.readTextFile(`${out}/runs/${name}`)),
    );
    assert.deepEqual(await bench(smoke, { ...quiet, out }), { cells: 3, recorded: 3, trained: 0, failures: [] });
    const more = await bench({ ...smoke, seeds: [0, 1] }, { ...quiet, out });
    assert.deepEqual(more, { cells: 6, recorded: 3, trained: 3, failures: [] });
    for (const [at, { id }] of records.entries()) {
      assert.equal(await Deno.readTextFile(`${out}/runs/${id}.json`), before[at]);
    }
  }));

Deno.test("study.json holds the study of the bench, in a form that can be run again", () =>
  inFolder({}, async (out) => {
    await bench(oneCell(0), { ...quiet, out });
    const value = JSON.parse(await Deno.readTextFile(`${out}/study.json`));
    assert.deepEqual(parseStudy(value, presets.standard.study), oneCell(0));
  }));

Deno.test("a results folder that cannot be written is refused before anything starts", () =>
  inFolder({}, async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    const events: BenchEvent[] = [];
    await assert.rejects(
      bench(smoke, { ...quiet, out: `${folder}/file/results`, onEvent: (event) => events.push(event) }),
      { message: /^Cannot write results to .*file\/results: the folder must be writable/ },
    );
    assert.deepEqual(events, []);
  }));

for (const [what, seed, grace] of [["that wait", HANGS, 3600], ["that do not answer", SPINS, 0.1]] as const) {
  Deno.test(`stopping ends workers ${what}, and records no failure`, () =>
    inFolder({}, async (out) => {
      const stop = new AbortController();
      const running = bench({ ...smoke, seeds: [seed] }, { ...quiet, out, signal: stop.signal, grace, checkpoint: 0 });
      await until(async () => (await hangingWorkers(out)).length === 2, "two workers");
      const pids = await hangingWorkers(out);
      assert.ok(pids.every(alive));
      stop.abort();
      assert.deepEqual(await running, { cells: 3, recorded: 0, trained: 0, failures: [] });
      assert.ok(!pids.some(alive));
      assert.deepEqual(await names(`${out}/failed`), []);
    }));
}

for (
  const [what, seed, stopped] of [
    ["in a regular expression that runs away", SPINS],
    ["whose thread is blocked", SLEEPS],
    ["that is stopped", HANGS, "SIGSTOP"],
  ] as const
) {
  Deno.test(`a killed launcher leaves no worker ${what}`, () =>
    inFolder({}, async (out) => {
      const launcher = startLauncher(out, `${seed},`);
      await until(async () => (await hangingWorkers(out)).length === 2, "two workers");
      const pids = await hangingWorkers(out);
      assert.ok(pids.every(alive));
      if (stopped) { for (const pid of pids) Deno.kill(pid, stopped); }
      launcher.kill("SIGKILL");
      await launcher.status;
      await until(() => !pids.some(alive), "the workers' end");
    }));
}

Deno.test("workers do not inherit the token of the hub", () =>
  inFolder({}, async (out) => {
    const before = Deno.env.get("HF_TOKEN");
    Deno.env.set("HF_TOKEN", "secret");
    try {
      const { failures: [{ reason }] } = await bench(oneCell(TELLS_TOKEN), { ...quiet, out });
      assert.equal(reason, "HF_TOKEN is undefined");
    } finally {
      if (before === undefined) Deno.env.delete("HF_TOKEN");
      else Deno.env.set("HF_TOKEN", before);
    }
  }));

Deno.test("workers ignore SIGINT and SIGTERM", () =>
  inFolder({}, async (out) => {
    const stop = new AbortController();
    const running = bench(oneCell(HANGS), { ...quiet, out, signal: stop.signal });
    await until(async () => (await hangingWorkers(out)).length === 1, "a worker");
    const [pid] = await hangingWorkers(out);
    Deno.kill(pid, "SIGINT");
    Deno.kill(pid, "SIGTERM");
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.ok(alive(pid));
    stop.abort();
    await running;
  }));

Deno.test("several benches on one folder share its cells, and those of a killed one are taken over at once", () =>
  inFolder({}, async (out) => {
    const logged = async () => (await Deno.readTextFile(`${out}/log`).catch(() => "")).trim().split("\n");
    const seeds = Array.from({ length: 8 }, (_, at) => LOGS + at).join(",");
    // A heartbeat plays no part: the test would take an hour.
    const launchers = Array.from({ length: 4 }, () => startLauncher(out, seeds, 0, 3600));
    await until(async () => (await logged()).length >= 6, "the first cells");
    const { pid } = launchers[0];
    // A claim that no worker stands behind, as at a cell's beginning and end, is left to the heartbeat.
    await until(async () => {
      launchers[0].kill("SIGSTOP");
      const lines = (await logged()).filter((line) => line.endsWith(` ${pid}`));
      const count = (what: string) => lines.filter((line) => line.startsWith(what)).length;
      const claims = (await names(`${out}/runs`)).filter((name) => name.endsWith(".claim"));
      const texts = await Promise.all(claims.map((name) => Deno.readTextFile(`${out}/runs/${name}`).catch(() => "")));
      const held = texts.filter((text) => text.includes(`"process":${pid},`)).length;
      if (held > 0 && held === count("start") - count("end")) return true;
      launchers[0].kill("SIGCONT");
      return false;
    }, "a moment in which every claim of the first has a worker");
    launchers[0].kill("SIGKILL");
    const [killed, ...others] = await Promise.all(launchers.map(({ status }) => status));
    assert.deepEqual([killed.signal, ...others.map(({ success }) => success)], ["SIGKILL", true, true, true]);
    const ends = (await logged()).map((line) => line.split(" ")).filter(([what]) => what === "end");
    const byOthers = ends.filter(([, , launcher]) => launcher !== String(pid)).map(([, cell]) => cell);
    assert.equal(new Set(byOthers).size, byOthers.length, "none is trained twice");
    assert.equal(new Set(ends.map(([, cell]) => cell)).size, 24);
    // The killed one's two cells may have ended without a record.
    assert.ok(ends.length <= 26, ends.join());
    const { records, unreadable } = await readRecords(out);
    assert.deepEqual([records.length, unreadable], [24, []]);
    assert.deepEqual((await names(`${out}/runs`)).filter((name) => name.endsWith(".claim")), []);
  }));

Deno.test("benches on one folder count what others record, and each failure costs one try", () =>
  inFolder({}, async (out) => {
    const study = { ...smoke, methods: ["lora"], seeds: [LOGS, LOGS + 1, CRASHES] };
    const events: BenchEvent[][] = [[], []];
    const results = await Promise.all(
      events.map((seen) => bench(study, { ...quiet, jobs: 1, out, onEvent: (event) => seen.push(event) })),
    );
    assert.equal(results[0].trained + results[1].trained, 2);
    for (const [at, { cells, recorded, trained, failures }] of results.entries()) {
      assert.deepEqual([cells, recorded + trained, failures.length], [3, 2, 1]);
      assert.match(failures[0].reason, /^the worker ended with status 7: out of luck/);
      assert.match(failures[0].file!, /failed.*\.1\.json$/);
      const told = events[at].filter(({ type }) => ["recorded", "done", "failed"].includes(type));
      assert.ok(told.length >= 1 && told.length <= 3);
    }
    assert.equal((await names(`${out}/failed`)).length, 1);
  }));

Deno.test("a worker under a large launcher records its own peak, or none and why", () =>
  inFolder({}, async (out) => {
    const launcher = startLauncher(out, `0,${GROWS}`, 600);
    assert.ok((await launcher.status).success);
    const { records } = await readRecords(out);
    assert.equal(records.length, 6);
    for (const { memory: { peak, training } } of records) {
      if (peak.value === null) assert.ok(peak.reason.includes("higher peak") && training.value === null);
      else assert.ok(peak.value < GROWTH + 150e6, `${peak.value} is the launcher's`);
    }
  }));

Deno.test("a worker under a small launcher records its own peak and what training added", () =>
  inFolder({}, async (out) => {
    const launcher = startLauncher(out, `${GROWS},`);
    assert.ok((await launcher.status).success);
    const { records } = await readRecords(out);
    assert.equal(records.length, 3);
    for (const { memory: { peak, training } } of records) {
      assert.ok(training.value !== null && training.value > 0.95 * GROWTH && training.value < 1.2 * GROWTH);
      assert.ok(peak.value !== null && peak.value > training.value && peak.value < GROWTH + 150e6);
    }
  }));

Deno.test("every cell of a study is estimated without training", async () => {
  const study = { ...smoke, seeds: [0, 1] };
  const estimated = await estimateBench(study, worker);
  assert.deepEqual(estimated.map(({ cell }) => cell), await cellsOf(study));
  // The fake worker counts as many more parameters as the method's name has letters, so that a mix-up shows.
  for (const { cell, estimate } of estimated) {
    assert.equal(estimate.parameters.trainable, 10 + cell.spec.method[0].name.length);
    assert.equal(estimate.planned.total, 15);
  }
  // Seeds share their setting's.
  assert.equal(new Set(estimated.map(({ estimate }) => estimate)).size, study.methods.length);
});

Deno.test("a number of jobs that is no whole number from 1 is refused", () =>
  inFolder({}, async (out) => {
    for (const jobs of [0, 1.5, NaN]) {
      await assert.rejects(bench(smoke, { worker, out, jobs }), { name: "UsageError", message: /^Cannot run/ });
    }
  }));

Deno.test("cells are held back until their planned memory fits beside that of the others", () =>
  inFolder({}, async (out) => {
    const events: BenchEvent[] = [];
    const study = { ...smoke, methods: ["lora"], seeds: [RESERVES, RESERVES + 1, RESERVES + 2] };
    const onEvent = (event: BenchEvent) => events.push(event);
    const { trained } = await bench(study, { ...quiet, jobs: 3, out, onEvent });
    assert.equal(trained, 3);
    const log = (await Deno.readTextFile(`${out}/log`)).trim().split("\n").map((line) => line.split(" ")[0]);
    assert.deepEqual(log, ["start", "end", "start", "end", "start", "end"]);
    assert.ok(events.some(({ type }) => type === "held"));
  }));
