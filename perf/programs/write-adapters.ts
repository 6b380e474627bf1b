/**
 * Writes COUNT adapters of each method, untrained, with the seeds from 0: FOLDER/<method>/<seed>.
 *
 *     deno run … perf/programs/write-adapters.ts FOLDER MODEL COUNT METHOD…
 * @module
 */
import { compose } from "../../methods/adaptation/compose.ts";
import { methods } from "../../methods/mod.ts";
import { parseOptions } from "../../methods/shared/options.ts";
import { writeAdapter } from "../../runs/adapters/write.ts";
import { findModel } from "../../runs/study/find-model.ts";
import { trainableClassifier } from "../../runs/programs/classifier.ts";
import { CLASSES, LEARNING_RATE, methodParts } from "../cases.ts";

const [folder, model, count, ...names] = Deno.args;
const backbone = await (await findModel(model)).open();
const labels = Array.from({ length: CLASSES }, (_, label) => String(label));
for (const name of names) {
  const parts = methodParts[name].map(({ name, options }) => ({
    method: methods[name],
    options: parseOptions(methods[name], options),
  }));
  const adaptation = compose(parts, backbone);
  const { parameters, head, start } = trainableClassifier(backbone, adaptation, labels, LEARNING_RATE);
  for (let seed = 0; seed < Number(count); seed++) {
    const values = await start(seed);
    const named = Object.fromEntries(parameters.map(({ name, shape }) => [name, { shape, data: values[name] }]));
    await writeAdapter(`${folder}/${name}/${seed}`, adaptation, named, head.map(({ name }) => name));
  }
}
