import assert from "node:assert/strict";
import { isFile } from "../../../../../base/files.ts";
import { methods } from "../../../../../methods/mod.ts";
import { cellsOf } from "../../../../../runs/launch/cells.ts";
import { Stopped } from "../../../../../runs/training/cell-runner.ts";
import { estimateCell } from "../../../../../runs/training/estimates/estimate-cell.ts";
import { runCell } from "../../../../../runs/training/run-cell.ts";
import { inFolder } from "../../../../in-folder.ts";
import { methodRows } from "../../../../methods/variants.ts";
import { decided, saving } from "../../../../runs/training/checkpoints/saving.ts";
import { architectures, assertPredicts, tinyWordModel, wordStudy } from "../../../../runs/training/words/tiny-words.ts";

/** Every method that trains something, in its first form on a tiny model, with step sizes at which it learns. */
const trained = Object.entries(methodRows).filter(([name]) => !methods[name].untrained);
const entries = trained.map(([name, { variants: [options] }]) => ({
  [name]: { ...options, learningRate: ["full", "lora"].includes(name) ? 0.005 : 0.05 },
}));

const biased = [...architectures.masked, "gpt2", "qwen2"];

for (const architecture of [...architectures.masked, ...architectures.others]) {
  Deno.test(`every method is trained on the words of ${architecture}, without a classifier, goes on after an interruption, and predicts`, () =>
    inFolder({}, async (out) => {
      const folder = await tinyWordModel(architecture);
      // An encoder-decoder has no classifier here, and no biases.
      const fitting = entries.filter((entry) =>
        architecture !== "t5" || !("linear-probe" in entry || "bitfit" in entry)
      );
      const cells = await cellsOf(wordStudy(architecture, folder, fitting));
      assert.equal(cells.length, fitting.length);
      const runs: Parameters<typeof assertPredicts>[2][number][] = [];
      for (const cell of cells) {
        const { id, spec, ...paths } = cell;
        const options = { ...paths, threads: 1, out, keep: true, onProgress() {} };
        const result = await runCell(spec, options);
        runs.push({ cell, result });
        const { parameters: { head, method }, checks, curve: { stepLoss } } = result;
        const [{ name }] = spec.method;
        const title = `${name}: ${stepLoss.join()}`;
        // A method that trains nothing of the model keeps the classifier: a probe, or BitFit on a model without biases.
        assert.equal(head > 0, method === 0, title);
        assert.equal(
          method === 0,
          name === "linear-probe" || name === "bitfit" && !biased.includes(architecture),
          title,
        );
        assert(Math.min(...stepLoss.slice(4)) < stepLoss[0], title);
        const startsAsIdentity = methods[name].identityAtStart && method > 0;
        assert.equal(checks.integrity.some(({ name }) => name === "identity at the start"), startsAsIdentity, title);
        assert(await isFile(`${out}/adapters/${id}/tunebench.json`), title);
        if (name !== "prefix-tuning") continue;
        assert.deepEqual((await estimateCell(spec, paths)).parameters, result.parameters);
        await assert.rejects(runCell(spec, { ...options, ...saving({ stopAfter: 5 }).options }), Stopped);
        assert.equal(decided(await runCell(spec, { ...options, ...saving({}).options })), decided(result));
      }
      await assertPredicts(folder, out, runs);
    }));
}
