import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { cpu } from "../../../engine/devices/cpu.ts";
import { findFolder } from "../../../models/mod.ts";
import type { Encoding } from "../../../models/types.ts";
import { loadAdapter } from "../../../runs/predict/load.ts";
import { ClassifierHeads, SharedClassifier } from "../../../runs/predict/shared-classifier.ts";
import type { CompileProgram } from "../../../runs/training/training-task.ts";
import { folders, readTensors, readValues } from "../../golden/files.ts";

/** The texts that the golden values of an architecture were computed for. */
async function readEncodings(root: string): Promise<Encoding[]> {
  const { input_ids: ids, attention_mask: mask, token_type_ids: types } = await readTensors(
    `${root}/base_cls.safetensors`,
  );
  const [texts, length] = ids.shape;
  return Array.from({ length: texts }, (_, text) => {
    const positions = [...ids.data.keys()].filter((at) => Math.floor(at / length) === text && mask.data[at] === 1);
    return Object.assign(
      positions.map((at) => ids.data[at]),
      types && { types: positions.map((at) => types.data[at]) },
    );
  });
}

Deno.test("adapters that PEFT made give PEFT's logits, have numbered classes, and may share a batch", async () => {
  for (const architecture of ["bert", "roberta", "llama"]) {
    const root = fileURLToPath(new URL(`../../golden/A/${architecture}`, import.meta.url));
    const model = await findFolder(`${root}/model`);
    const backbone = await model.open();
    const encodings = await readEncodings(root);
    const compile: CompileProgram = ({ program, signature }) => cpu.compile(program, signature, { threads: 1 });
    const heads = new ClassifierHeads(backbone, compile);
    let compared = 0;
    for (const name of await folders(`${root}/cls`)) {
      if (["bias", "full", "ln"].includes(name)) continue;
      const joined = await Deno.stat(`${root}/cls/${name}/adapter`).then(() => "/adapter", () => "");
      const adapter = await loadAdapter(`${root}/cls/${name}${joined}`, model, backbone);
      assert.deepEqual([adapter.task, adapter.labels], [null, ["LABEL_0", "LABEL_1"]]);
      await heads.open(adapter);
      const classifier = await SharedClassifier.open(backbone, adapter, compile, heads);
      // The second of two adapters has other rows before its texts.
      const other = structuredClone({ ...adapter, parts: [] });
      for (const { data } of Object.values(other.virtual)) data.fill(0.5);
      const requests = encodings.map((encoded, at) => ({
        encoded,
        adapter: at % 2 ? { ...other, parts: adapter.parts } : adapter,
      }));
      const mixed = await classifier.logits(requests);
      const logits = await classifier.logits(encodings.map((encoded) => ({ encoded, adapter })));
      const expected = (await readValues(`${root}/cls/${name}/values.safetensors`)).logits;
      logits.forEach((row, text) =>
        row.forEach((logit, at) => {
          assert(Math.abs(logit - expected[2 * text + at]) < 1e-4, `${architecture} ${name} ${logit}`);
          const same = Math.abs(mixed[text][at] - logit) < 1e-6;
          assert.equal(
            same,
            text % 2 === 0 || Object.keys(adapter.virtual).length === 0,
            `${architecture} ${name} mixed`,
          );
        })
      );
      await classifier.release();
      compared++;
    }
    await heads.release();
    assert(compared >= 5, `${architecture} ${compared}`);
  }
});
