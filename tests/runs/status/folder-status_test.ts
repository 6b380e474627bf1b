import assert from "node:assert/strict";
import { renderCells, renderStatus, showStatus } from "../../../cli/output/status-lines.ts";
import { bench } from "../../../runs/launch/launcher.ts";
import { StatusReader } from "../../../runs/status/folder-status.ts";
import { presets } from "../../../runs/study/presets.ts";
import { readCellList } from "../../../runs/study/shared/cell-list.ts";
import { Claims } from "../../../runs/study/shared/claims.ts";
import { type Files, inFolder } from "../../in-folder.ts";
import { CRASHES } from "../launch/fake-worker.ts";

const [DONE, FAILED, CLAIMED, WAITING] = ["0a", "0b", "0c", "0d"];
const list = [{ id: DONE, title: "lora, seed 0" }, { id: FAILED, title: "lora, seed 1", failures: 1 }, {
  id: CLAIMED,
  title: "lora, seed 2",
}, { id: WAITING, title: "lora, seed 3", failures: 1 }];

/** A folder with a cell in each state. What failed before its study was asked for does not count. */
const folderFiles: Files = {
  "cells.jsonl": list.map((cell) => `${JSON.stringify(cell)}\n`).join(""),
  [`runs/${DONE}.json`]: {},
  [`failed/${FAILED}.1.json`]: { reason: "the first time" },
  [`failed/${FAILED}.2.json`]: { reason: "the disk must have space left" },
  [`failed/${WAITING}.1.json`]: { reason: "the first time" },
};

Deno.test("the status of a folder has each cell as done, under way, failed or waiting, with the last event of its owner", () =>
  inFolder(folderFiles, async (out) => {
    using claims = new Claims(out, 1);
    const claim = (await claims.take(CLAIMED))!;
    claim.note({ type: "step", step: 30, steps: 76, loss: 0.4123 });
    using reader = await StatusReader.open(out);
    let status = await reader.look();
    while (!status.underWay[0].alive || !status.underWay[0].claim?.event) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      status = await reader.look();
    }
    const { cells, recorded, failed, waiting } = status;
    assert.deepEqual({ cells, recorded, waiting }, { cells: 4, recorded: 1, waiting: 1 });
    assert.deepEqual(failed, [
      { title: "lora, seed 1", reason: "the disk must have space left", file: `${out}/failed/${FAILED}.2.json` },
    ]);
    const lines = renderStatus(status);
    assert.equal(lines[0], "4 cells: 1 done, 1 under way, 1 failed, 1 waiting");
    assert.match(
      lines[1],
      new RegExp(`^  lora, seed 2: step 30/76, loss 0.412; .*, process ${Deno.pid}, for [\\d.]+ s$`),
    );
    assert.match(lines[2], /^ {2}lora, seed 1: failed, the disk must have space left \(.*\.2\.json\)$/);
    const states: Record<string, string> = {
      [DONE]: "done",
      [FAILED]: "failed",
      [CLAIMED]: "under way",
      [WAITING]: "waiting",
    };
    assert.deepEqual(
      renderCells(status).sort(),
      status.listed.map(({ id, title }) => `  ${id}  ${states[id].padEnd(9)}  ${title}`).sort(),
    );
    assert.equal(renderCells(status).length, 4);
    await claim.release();
    assert.equal((await reader.look()).waiting, 2);
  }));

Deno.test("a claim that has not been seen to count is called silent, also where its file is half written or of others", () =>
  inFolder({ ...folderFiles, [`runs/${CLAIMED}.1.claim`]: '{"host":' }, async (out) => {
    using reader = await StatusReader.open(out);
    assert.match(renderStatus(await reader.look())[1], /just claimed$/);
    // The next owner is the one that counts.
    const text = { host: "node\u001b[2J1", process: 1, token: "t", count: 2, every: 3 };
    await Deno.writeTextFile(`${out}/runs/${CLAIMED}.2.claim`, JSON.stringify(text));
    assert.match(
      renderStatus(await reader.look())[1],
      /^ {2}lora, seed 2: starting; node\\u001b\[2J1, process 1, silent for [\d.]+ s, others take the cell over after 30 s$/,
    );
  }));

Deno.test("every bench leaves the list of its cells, and a folder without one has no status", () =>
  inFolder({}, async (out) => {
    await assert.rejects(StatusReader.open(out), /^Error: Cannot tell how far .* is: it must hold cells\.jsonl/);
    const study = { ...presets.smoke.study, methods: ["lora"], seeds: [0, CRASHES] };
    const worker = new URL("../launch/fake-worker.ts", import.meta.url);
    await bench(study, { out, worker, jobs: 2 });
    assert.deepEqual((await readCellList(out)).map(({ title }) => title), [
      "lora on sentiment/amazon, seed 0",
      `lora on sentiment/amazon, seed ${CRASHES}`,
    ]);
    using reader = await StatusReader.open(out);
    const [summary, failure] = renderStatus(await reader.look());
    assert.equal(summary, "2 cells: 1 done, 0 under way, 1 failed, 0 waiting");
    assert.match(failure, /seed 91: failed, the worker ended with status 7: out of luck/);
  }));

Deno.test("the attached view is redrawn on a terminal, and elsewhere a line for each change of the numbers", () => {
  const shown = (redraws: boolean) => {
    let text = "";
    // Without a terminal there is no width.
    const columns = () => redraws ? 80 : assert.fail();
    const show = showStatus({ redraws, columns, write: (part) => text += part, now: () => 0 });
    const status = { cells: 2, recorded: 0, underWay: [], failed: [], waiting: 2, listed: [] };
    for (const waiting of [2, 2, 1, 0]) show({ ...status, recorded: 2 - waiting, waiting });
    return text;
  };
  const line = (done: number) => `2 cells: ${done} done, 0 under way, 0 failed, ${2 - done} waiting\n`;
  assert.equal(shown(false), line(0) + line(1));
  const up = "\x1b[1A\x1b[J";
  assert.equal(shown(true), line(0) + up + line(0) + up + line(1) + up);
});
