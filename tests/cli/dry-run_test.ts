import assert from "node:assert/strict";
import { renderEstimates, renderOverrides } from "../../cli/output/dry-run.ts";
import { cellsOf } from "../../runs/launch/cells.ts";
import type { EstimatedCell } from "../../runs/launch/launcher.ts";
import { presets } from "../../runs/study/presets.ts";

const { study } = presets.smoke;
const planned = { weights: 0, parameters: 0, gradients: 0, optimiser: 0, activations: 0, runtime: 0, total: 2 ** 20 };
const parameters = { trainable: 7, method: 7, head: 0, storedBytes: 0 };
const estimated = async (seconds: (at: number) => EstimatedCell["estimate"]["seconds"]): Promise<EstimatedCell[]> =>
  (await cellsOf(study)).map((cell, at) => ({ cell, estimate: { parameters, planned, seconds: seconds(at) } }));

Deno.test("--dry-run shows the time of each cell and that of the study, whose cells share the machine", async () => {
  const cells = await estimated((at) => ({ value: 60 * (at + 1) }));
  const lines = renderEstimates(cells, 2).split("\n");
  assert.deepEqual(lines.slice(1, 4).map((line) => line.split(/ {2,}/).at(-1)), [
    "1 min 0 s",
    "2 min 0 s",
    "3 min 0 s",
  ]);
  assert.equal(lines[4], "3 cells, about 3 min 0 s with 2 at the same time");
  // No more cells than there are run at the same time.
  assert.match(renderEstimates(cells, 8), /\n3 cells, about 2 min 0 s with 3 at the same time$/);
});

Deno.test("a time that is not known is left out of the study's, and its reason is said once", async () => {
  const one = await estimated((at) => at === 0 ? { value: 60 } : { value: null, reason: "nobody knows" });
  const end = "\n3 cells, about 1 min 0 s with 1 at the same time, without the 2 of unknown time\n–: nobody knows";
  assert.ok(renderEstimates(one, 1).endsWith(end));
  const none = await estimated(() => ({ value: null, reason: "nobody knows" }));
  assert.ok(renderEstimates(none, 1).endsWith("\n3 cells\n–: nobody knows"));
});

Deno.test("what flags have changed of a study is said with both values", () => {
  assert.deepEqual(renderOverrides(study, study), []);
  assert.deepEqual(renderOverrides(study, { ...study, seeds: [0, 1], memory: "small" }), [
    "seeds is [0,1] by a flag, the study has [0]",
    'memory is "small" by a flag, the study has none',
  ]);
});
