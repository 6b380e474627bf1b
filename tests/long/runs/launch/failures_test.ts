import assert from "node:assert/strict";
import { bench } from "../../../../runs/launch/launcher.ts";
import { cellsOf } from "../../../../runs/launch/cells.ts";
import { inFolder } from "../../../in-folder.ts";
import { ALLOCATES, CRASHES, FAILS_ONCE, HANGS, KILLED, SPINS, STOPS } from "../../../runs/launch/fake-worker.ts";
import { names, oneCell, quiet, smoke } from "./fake-benches.ts";

Deno.test("a cell that fails leaves its reason, the others go on, and the next bench tries it again", () =>
  inFolder({}, async (out) => {
    const study = { ...smoke, methods: ["lora"], seeds: [FAILS_ONCE, 0] };
    const first = await bench(study, { ...quiet, out });
    assert.equal(first.trained, 1);
    assert.deepEqual(first.failures.map(({ reason }) => reason), ["Cannot train: this is the first time"]);
    const [{ id }] = await cellsOf(study);
    assert.deepEqual(await names(`${out}/failed`), [`${id}.1.json`]);
    const failure = JSON.parse(await Deno.readTextFile(`${out}/failed/${id}.1.json`));
    assert.equal(failure.id, id);
    assert.equal(failure.spec.seed, FAILS_ONCE);
    assert.equal(failure.reason, "Cannot train: this is the first time");
    assert.match(failure.log, /fake-worker\.ts/);

    assert.deepEqual(await bench(study, { ...quiet, out }), { cells: 2, recorded: 1, trained: 1, failures: [] });
    assert.deepEqual(await names(`${out}/failed`), [`${id}.1.json`]);
  }));

Deno.test("a worker that dies is a failure with its status and last words; each try has its own file", () =>
  inFolder({}, async (out) => {
    for (const n of [1, 2]) {
      const { failures: [{ reason, cell, file }] } = await bench(oneCell(CRASHES), { ...quiet, out });
      assert.equal(reason, "the worker ended with status 7: out of luck");
      assert.equal(file, `${out}/failed/${cell.id}.${n}.json`);
      assert.equal((await names(`${out}/failed`)).at(-1), `${cell.id}.${n}.json`);
    }
  }));

Deno.test("a record that cannot be read counts as a failure with its path, and is not changed", () =>
  inFolder({}, async (out) => {
    const [{ id }] = await cellsOf(oneCell(0));
    await Deno.mkdir(`${out}/runs`);
    await Deno.writeTextFile(`${out}/runs/${id}.json`, '{"version": 1');
    const { trained, failures } = await bench(oneCell(0), { ...quiet, out });
    assert.equal(trained, 0);
    assert.equal(failures.length, 1);
    assert.ok(failures[0].reason.includes(`${out}/runs/${id}.json`));
    assert.equal(failures[0].file, undefined);
    assert.equal(await Deno.readTextFile(`${out}/runs/${id}.json`), '{"version": 1');
  }));

Deno.test("a results folder that vanishes fails its cells with their own reason, and the bench goes on to its end", () =>
  inFolder({}, async (root) => {
    const out = `${root}/results`;
    const { trained, failures } = await bench(oneCell(CRASHES), {
      ...quiet,
      out,
      onEvent: ({ type }) => type === "start" && Deno.removeSync(out, { recursive: true }),
    });
    assert.deepEqual([trained, failures.length], [0, 1]);
    assert.match(failures[0].reason, /^the worker ended with status 7: out of luck; Cannot write .*failed/);
  }));

Deno.test("a worker that ends for want of memory has that as its reason", () =>
  inFolder({}, async (out) => {
    const study = { ...smoke, methods: ["lora"], seeds: [KILLED, ALLOCATES] };
    const { failures } = await bench(study, { ...quiet, jobs: 1, out });
    assert.match(
      failures[0].reason,
      /^the worker was ended by SIGKILL, most likely for want of memory: planned 1\.50 GiB, [\d.]+ GiB are free without it$/,
    );
    assert.match(failures[1].reason, /^Cannot allocate memory: the cell must fit into it, /);
  }));

Deno.test("a worker that waits for what never comes, and one that is stopped, are ended and cost one cell each, as any failure", () =>
  inFolder({}, async (out) => {
    const study = { ...smoke, methods: ["lora"], seeds: [HANGS, STOPS, KILLED, CRASHES, 0] };
    const { trained, failures } = await bench(study, { ...quiet, stall: 5, out });
    assert.equal(trained, 1);
    const reasons = new Map(failures.map(({ cell, reason }) => [cell.spec.seed, reason]));
    for (const seed of [HANGS, STOPS]) {
      assert.equal(
        reasons.get(seed),
        "Cannot finish the cell: its worker must go on within 5 s, it has said nothing and used no processor for longer",
      );
    }
    assert.match(reasons.get(KILLED)!, /for want of memory/);
    assert.match(reasons.get(CRASHES)!, /out of luck/);
    assert.equal((await names(`${out}/failed`)).length, 4);
  }));

Deno.test("a cell that takes longer than it may is ended, with that as its reason", () =>
  inFolder({}, async (out) => {
    const { trained, failures } = await bench({ ...oneCell(SPINS), seeds: [SPINS, 0] }, {
      ...quiet,
      cellTimeout: 10,
      out,
    });
    assert.equal(trained, 1);
    assert.deepEqual(failures.map(({ reason }) => reason), [
      "Cannot finish the cell: it must take at most 10 s, it takes longer",
    ]);
  }));

Deno.test("cells that have failed are tried again alone, where that is asked for", () =>
  inFolder({}, async (out) => {
    const study = { ...smoke, methods: ["lora"], seeds: [FAILS_ONCE, CRASHES] };
    await bench(study, { ...quiet, out });
    const more = { ...study, seeds: [0, FAILS_ONCE, CRASHES, 1] };
    const again = await bench(more, { ...quiet, out, retryFailed: true });
    assert.deepEqual([again.cells, again.recorded, again.trained, again.failures.length], [2, 0, 1, 1]);
    const { cells, failures } = await bench(more, { ...quiet, out, retryFailed: true });
    assert.deepEqual([cells, failures.length], [1, 1]);
  }));
