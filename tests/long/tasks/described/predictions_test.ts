import assert from "node:assert/strict";
import { cellsOf } from "../../../../runs/launch/cells.ts";
import { presets } from "../../../../runs/study/presets.ts";
import { runCell } from "../../../../runs/training/run-cell.ts";
import { makeFolder } from "../../../models/folder/copies.ts";
import { makeRows, toCsv, toParquet } from "../../../tasks/described/tables.ts";

Deno.test("the same rows as CSV, JSON lines and Parquet give the same predictions, under the labels of the file", async () => {
  const rows = makeRows(200);
  const folder = await makeFolder({
    "own.csv": toCsv(rows),
    "own.jsonl": rows.map((row) => JSON.stringify(row)).join("\n"),
    "own.parquet": toParquet(rows),
  });
  const results = [];
  for (const name of ["own.csv", "own.jsonl", "own.parquet"]) {
    const [{ spec, tables }] = await cellsOf({
      ...presets.smoke.study,
      tasks: [{ name: "own", data: `${folder}/${name}`, columns: { text: "body", label: "stars" }, licence: "mine" }],
      methods: [{ lora: { epochs: 1 } }],
      data: { train: 48, validation: 16, test: 40 },
    });
    const out = await makeFolder({});
    const { task, predictions, scores } = await runCell(spec, {
      tables,
      threads: 1,
      out,
      keep: false,
      onProgress() {},
    });
    assert.deepEqual([task.labels, task.licence, task.source[0].path], [["1", "5"], "mine", name]);
    assert.equal(task.source[0].sha256, spec.task.files!.pool);
    results.push({ predictions, scores });
  }
  assert.equal(results[0].predictions.length, 40);
  assert.deepEqual(results[1], results[0]);
  assert.deepEqual(results[2], results[0]);
});
