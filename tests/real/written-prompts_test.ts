/**
 * Hand-written prompts on SST-2 with SmolLM2, compared with what PyTorch answers; see peer.ts for where the model is. The folder
 * sst2 beside it has dev.tsv of GLUE. tests/golden/written-prompts/answers.py made the answers that are expected.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import golden from "../golden/written-prompts/answers.json" with { type: "json" };
import { cellsOf } from "../../runs/launch/cells.ts";
import { presets } from "../../runs/study/presets.ts";
import { runCell } from "../../runs/training/run-cell.ts";
import { inFolder } from "../in-folder.ts";
import { ignore as ignoreAll, SMOLLM2 } from "./peer.ts";

const DEV = `${SMOLLM2}/../sst2/dev.tsv`;
const ignore = ignoreAll || !await Deno.stat(DEV).then(({ isFile }) => isFile, () => false);

Deno.test({
  name: "SmolLM2: hand-written prompts answer SST-2 as PyTorch does, to the last sentence",
  ignore,
  fn: () =>
    inFolder({}, async (folder) => {
      const sum = createHash("sha256").update(await Deno.readFile(DEV)).digest("hex");
      assert.equal(sum, golden.sha256["dev.tsv"]);
      // So that a text's scores may differ in rounding, but not its answer.
      assert.ok(golden.leastMargin > 1e-4);
      const rows = (await Deno.readTextFile(DEV)).split("\n");
      await Deno.writeTextFile(`${folder}/first.tsv`, rows.slice(0, 301).join("\n"));
      const cells = await cellsOf({
        ...presets.smoke.study,
        models: [SMOLLM2],
        tasks: [{
          name: "sst2",
          data: `${folder}/first.tsv`,
          columns: { text: "sentence", label: "label" },
          labels: { 0: "negative", 1: "positive" },
          templates: Object.keys(golden.answers),
          words: { negative: golden.words[0], positive: golden.words[1] },
        }],
        methods: ["hand-written"],
        head: "language-model",
        data: { train: 2, validation: 2, test: 296 },
        training: { maxLength: 128 },
      });
      assert.equal(cells.length, 3);
      for (const { spec, ...paths } of cells) {
        const { predictions } = await runCell(spec, {
          ...paths,
          threads: 2,
          out: folder,
          keep: false,
          onProgress() {},
        });
        const answers = golden.answers[spec.head!.template as keyof typeof golden.answers];
        assert.ok(predictions.length >= 290);
        // "pool/1" is the first sentence.
        const expected = predictions.map(({ id }) => Number(answers[Number(id.split("/")[1]) - 1]));
        assert.deepEqual(predictions.map(({ predicted }) => predicted), expected, spec.head!.template);
      }
    }),
});
