/**
 * Adapters that tests of prediction share.
 * @module
 */
import { cellsOf } from "../../../runs/launch/cells.ts";
import { presets } from "../../../runs/study/presets.ts";
import { runCell } from "../../../runs/training/run-cell.ts";
import type { RunSpec } from "../../../runs/study/spec.ts";
import { splitExamples } from "../../../runs/training/split.ts";
import type { Study } from "../../../runs/study/study.ts";
import { tasks } from "../../../tasks/mod.ts";
import type { Example, Task } from "../../../tasks/types.ts";
import { makeFolder } from "../../models/folder/copies.ts";

/** The results folder. */
export const out = await makeFolder({});

/** Test texts of a run. */
export const TESTED = 16;

/** A short run, and the texts that it was tested with. */
export interface Trained {
  folder: string;
  spec: RunSpec;
  test: Example[];
  /** Labels that the run gave them. */
  predicted: string[];
}

/** Trains for one epoch. */
export async function train(method: Study["methods"][number], name: string): Promise<Trained> {
  const [{ id, spec }] = await cellsOf({
    ...presets.smoke.study,
    tasks: [name],
    methods: [method],
    data: { train: 16, validation: 8, test: TESTED },
    training: { epochs: 1 },
  });
  const task = tasks[name] as Task;
  const { test } = splitExamples(await task.load(), spec.data, spec.seed);
  const { predictions } = await runCell(spec, { threads: 1, out, keep: true, onProgress() {} });
  const predicted = new Map(predictions.map(({ id, predicted }) => [id, task.labels[predicted as number]]));
  return { folder: `${out}/adapters/${id}`, spec, test, predicted: test.map(({ id }) => predicted.get(id)!) };
}

/** Three tasks, of which one has more classes than the others, changed by the prompt alone. */
export const byPrompt: Trained[] = [];
for (const task of ["sentiment/amazon", "brown/negation", "wordnet/verb"]) {
  byPrompt.push(await train({ "prompt-tuning": { virtualTokens: 4 } }, task));
}
