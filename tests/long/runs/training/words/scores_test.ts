import assert from "node:assert/strict";
import { cpu } from "../../../../../engine/devices/cpu.ts";
import { compose } from "../../../../../methods/adaptation/compose.ts";
import { findFolder } from "../../../../../models/mod.ts";
import { cellsOf } from "../../../../../runs/launch/cells.ts";
import { asLanguageModel, trainableLanguageModel } from "../../../../../runs/programs/language-model.ts";
import { splitExamples } from "../../../../../runs/training/split.ts";
import { runCell } from "../../../../../runs/training/run-cell.ts";
import { taskOfSpec } from "../../../../../runs/study/find-task.ts";
import type { Task } from "../../../../../tasks/types.ts";
import { inFolder } from "../../../../in-folder.ts";
import { tinyWordModel, wordStudy } from "../../../../runs/training/words/tiny-words.ts";

const folder = await tinyWordModel("llama");
const backbone = asLanguageModel(await (await findFolder(folder)).open());
const { scores: { program, signature } } = trainableLanguageModel(backbone, compose([], backbone));
const executable = await cpu.compile(program, signature, { threads: 1 });

/** Log-probabilities of a word's tokens behind a text, from the scores of the whole vocabulary. */
async function logProbabilities(text: string, word: string): Promise<number[]> {
  const [read, answer] = [await backbone.tokenize!(text), await backbone.tokenize!(word)];
  const { scores } = await executable.run({ parameters: {}, inputs: backbone.collate([[...read, ...answer]]) });
  return answer.map((id, at) => {
    const row = scores.subarray((read.length + at - 1) * backbone.vocabularySize).subarray(0, backbone.vocabularySize);
    return row[id] - Math.log(row.reduce((sum, score) => sum + Math.exp(score), 0));
  });
}

const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

/** The score of a word behind a text, by how scores are made comparable. */
const scoreOf: Record<string, (text: string, word: string) => Promise<number>> = {
  none: async (text, word) => total(await logProbabilities(text, word)),
  length: async (text, word) => total(await logProbabilities(text, word)) / word.length,
  prior: async (text, word) => await scoreOf.none(text, word) - await scoreOf.none(". It is", word),
};

for (const how of ["none", "length", "prior"] as const) {
  Deno.test(`labels are answered by the probabilities of their words' tokens, made comparable by ${how}`, () =>
    inFolder({}, async (out) => {
      const study = wordStudy("llama", folder, ["hand-written"]);
      const normalise = how === "none" ? {} : { normalise: how };
      const head = { name: "language-model" as const, ...normalise };
      const [{ spec, tables, ...paths }] = await cellsOf({ ...study, head });
      const { predictions } = await runCell(spec, { ...paths, tables, threads: 1, out, keep: false, onProgress() {} });
      const { test } = splitExamples(await (taskOfSpec(spec.task, tables) as Task).load(), spec.data, spec.seed);
      const predicted = new Map(predictions.map((prediction) => [prediction.id, prediction.predicted]));
      for (const { id, text } of test) {
        const scores = await Promise.all([" no", " yes", " nice"].map((word) => scoreOf[how](`${text}. It is`, word)));
        const yes = Math.log(Math.exp(scores[1]) + Math.exp(scores[2]));
        assert.equal(predicted.get(id), Number(yes > scores[0]), `${text}: ${scores}`);
      }
      assert.equal(predictions.length, 24);
    }));
}

Deno.test("the model is let go", () => executable.release());
