import assert from "node:assert/strict";
import { controlCell } from "../../../../runs/controls/control-cell.ts";
import { cellsOf } from "../../../../runs/launch/cells.ts";
import { presets } from "../../../../runs/study/presets.ts";
import { readControls } from "../../../../runs/study/controls/control-record.ts";
import { inFolder } from "../../../in-folder.ts";

const [{ spec }] = await cellsOf({
  ...presets.quick.study,
  tasks: ["sentiment/amazon"],
  methods: ["linear-probe"],
  data: { train: 200, validation: 40, test: 100 },
});

Deno.test("the negative controls of a sound cell hold, and are recorded", () =>
  inFolder({}, async (out) => {
    const record = await controlCell(spec, { threads: 1, out });
    assert.deepEqual(record.controls.filter(({ passed }) => !passed), []);
    assert.equal(record.controls.length, 5);
    assert.deepEqual(await readControls([out]), { controls: [record], unreadable: [] });
  }));

Deno.test("where labels leak that were to be shuffled, that control alone fails", () =>
  inFolder({}, async (out) => {
    const { controls } = await controlCell(spec, { threads: 1, out }, (splits) => splits);
    assert.deepEqual(controls.filter(({ passed }) => !passed).map(({ name }) => name), [
      "shuffled labels teach nothing",
    ]);
  }));
