import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type BenchEvent, openEvents } from "../../../runs/launch/events.ts";
import { cellsOf } from "../../../runs/launch/cells.ts";
import { presets } from "../../../runs/study/presets.ts";
import { inFolder } from "../../in-folder.ts";
import { fill, onSmallDisk } from "../../small-disk.ts";

const hasSmallDisk = await onSmallDisk(() => Promise.resolve());

const [cell] = await cellsOf(presets.smoke.study);

/** One event of each type, with the keys of its line besides those of every line, and of every line on a cell. */
const events: { [type in BenchEvent["type"]]: [Extract<BenchEvent, { type: type }>, string[]] } = {
  cells: [{ type: "cells", cells: 1, recorded: 0, all: [cell] }, ["cells", "recorded"]],
  start: [{ type: "start", cell }, []],
  held: [{ type: "held", cell, bytes: 7 }, ["bytes"]],
  step: [{ type: "step", cell, step: 1, steps: 2, loss: 0.5 }, ["step", "steps", "loss"]],
  saved: [{ type: "saved", cell, step: 1 }, ["step"]],
  resumed: [{ type: "resumed", cell, step: 1 }, ["step"]],
  remark: [{ type: "remark", cell, text: "why" }, ["text"]],
  done: [{ type: "done", cell, metric: "accuracy", score: 0.5, seconds: 2 }, ["metric", "score", "seconds"]],
  failed: [{ type: "failed", cell, reason: "a\nb" }, ["reason"]],
  recorded: [{ type: "recorded", cell }, []],
  lost: [{ type: "lost", cell }, []],
  waiting: [{ type: "waiting", cells: 3 }, ["cells"]],
};
const EVERY = ["time", "host", "process", "type"];
const ON_CELL = ["id", "model", "task", "method", "seed"];

Deno.test("each event is a line of JSON with the keys that docs/commands.md names, after the lines that were there", () =>
  inFolder({ "events.jsonl": "{}\n" }, async (folder) => {
    const faults: string[] = [];
    using file = openEvents(`${folder}/events.jsonl`, (fault) => faults.push(fault));
    for (const [event] of Object.values(events)) file.write(event);
    const [first, ...lines] = (await Deno.readTextFile(`${folder}/events.jsonl`)).trimEnd().split("\n");
    assert.equal(first, "{}");
    const page = await Deno.readTextFile(fileURLToPath(new URL("../../../docs/commands.md", import.meta.url)));
    const rows = new Map(
      [...page.matchAll(/^\| `(\w+)` *\| (yes|no) *\|[^|]*\|([^|]*)\|$/gm)].map(([, type, on, keys]) => [
        type,
        { on, keys: [...keys.matchAll(/`(\w+)`/g)].map(([, key]) => key) },
      ]),
    );
    assert.deepEqual([...rows.keys()], Object.keys(events));
    for (const [at, [type, [event, keys]]] of Object.entries(events).entries()) {
      const value = JSON.parse(lines[at]);
      const expected = [...EVERY, ..."cell" in event ? ON_CELL : [], ...keys];
      assert.deepEqual(Object.keys(value).sort(), expected.sort());
      assert.equal(value.type, type);
      assert.deepEqual(rows.get(type), { on: "cell" in event ? "yes" : "no", keys });
    }
    assert.equal(JSON.parse(lines[1]).id, cell.id);
    assert.deepEqual(faults, []);
  }));

Deno.test("a file of events that cannot be opened is refused", () =>
  inFolder({}, (folder) => {
    assert.throws(() => openEvents(`${folder}/none/events.jsonl`, () => {}), /^Error: Cannot write events to .*none/);
  }));

Deno.test(
  "a full disk ends the writing of events with one sentence, not the bench",
  { ignore: !hasSmallDisk },
  async () => {
    await onSmallDisk((disk) => {
      const faults: string[] = [];
      using file = openEvents(`${disk}/events.jsonl`, (fault) => faults.push(fault));
      fill(disk);
      for (const [event] of Object.values(events)) file.write(event);
      assert.equal(faults.length, 1);
      assert.match(faults[0], /^Cannot write events to .*: No space left on device/);
      return Promise.resolve();
    });
  },
);
