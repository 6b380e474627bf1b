import assert from "node:assert/strict";
import { findFolder } from "../../../../models/mod.ts";
import { cellsOf } from "../../../../runs/launch/cells.ts";
import { openPredictor } from "../../../../runs/predict/predictor.ts";
import type { Classified } from "../../../../runs/predict/types.ts";
import type { Study } from "../../../../runs/study/study.ts";
import { runCell } from "../../../../runs/training/run-cell.ts";
import { choiceHead } from "../../../../runs/training/words/choice-head.ts";
import { textsOfChoices } from "../../../../tasks/templates/choices.ts";
import { inFolder } from "../../../in-folder.ts";
import { refused } from "../../launch/small-study.ts";
import { choiceFiles, choiceModel, choiceStudy, questions } from "./tiny-choices.ts";
import { tinyWordModel } from "./tiny-words.ts";

Deno.test("a choice goes on with the text, or with the second text that it stands in, and long texts are cut for it", async () => {
  const opened = await (await findFolder(choiceModel)).open();
  const read = async (template: string, placeholder: string | undefined, limit: number) => {
    const { encodeChoices } = await choiceHead(opened, { template, words: [] });
    const example = { text: "one two", pair: "is _ it", choices: ["a", "bc"] };
    const tree = await encodeChoices!(textsOfChoices(example, { placeholder }), limit);
    const wayTo = (place: number): number[] =>
      place < tree.textLength ? [] : [...wayTo(tree.parents[place]), tree[place]];
    const parts = [tree.slice(0, tree.textLength), ...tree.ends.map(wayTo)];
    return await Array.fromAsync(parts, (ids) => opened.decode!(ids));
  };
  assert.deepEqual(await read("{text}: {answer}.", "_", 100), ["one two:", " is a it", " is bc it"]);
  assert.deepEqual(await read("{text} {pair}: {answer}", undefined, 100), ["one two is _ it:", " a", " bc"]);
  assert.deepEqual(await read("{text}, {label list}? {answer}", "_", 100), [
    "one two, a or bc?",
    " is a it",
    " is bc it",
  ]);
  assert.deepEqual(await read("{text}: {answer}", "_", 13), ["one:", " is a it", " is bc it"]);
  const { encodeChoices } = await choiceHead(opened, { template: "{text} {pair}: {answer}", words: [] });
  await assert.rejects(
    encodeChoices!({ text: "one", choices: ["a", "b"], answers: ["a", "b"] }, 100),
    /\{pair\} must be the second text of pairs, there is one text$/,
  );
  await assert.rejects(
    read("{text}: {answer}", "_", 9),
    /^Error: Cannot use the template "\{text\}: \{answer\}": it must leave room for a text and its choices within 9 tokens, with the longest choice it takes 9$/,
  );
});

Deno.test("choices have a setting for each template untrained, train a prompt alone, are recorded, and predicted from the adapter's folder", () =>
  inFolder(choiceFiles, async (out) => {
    const methods = ["hand-written", { "prompt-tuning": { virtualTokens: 3, start: "template", learningRate: 0.1 } }];
    const cells = await cellsOf(choiceStudy(out, methods as Study["methods"]));
    assert.deepEqual(cells.map(({ spec }) => spec.head), [
      { template: "{text}: {answer}", words: [] },
      { template: "{text}? {answer}", words: [] },
      { template: "{text}: {answer}", words: [] },
    ]);
    const cell = cells[2];
    const result = await runCell(cell.spec, { ...cell, threads: 1, out, keep: false, onProgress() {} });
    assert.deepEqual(result.parameters, { trainable: 96, method: 96, head: 0, storedBytes: 384 });
    const { curve: { stepLoss } } = result;
    assert(stepLoss.at(-1)! < stepLoss[0], stepLoss.join());
    const from = `${out}/adapters/${cell.id}`;
    const [goingOn] = await cellsOf({ ...choiceStudy(out, []), head: undefined, from });
    assert.deepEqual(goingOn.spec.head, cell.spec.head);
    const predictor = await openPredictor({ model: choiceModel, adapters: [from], threads: 1 });
    const lines = result.predictions.map(({ id }) => {
      const { text, gap, options } = questions[Number(id.split("/")[1]) - 1];
      return { text, pair: gap, choices: options };
    });
    const answers = await Array.fromAsync(predictor.predict(lines)) as Classified[];
    await predictor.release();
    for (const [at, { label, probabilities }] of answers.entries()) {
      assert.equal(label, lines[at].choices[result.predictions[at].predicted as number]);
      assert.deepEqual(Object.keys(probabilities), lines[at].choices);
      assert(Math.abs(Object.values(probabilities).reduce((sum, each) => sum + each) - 1) < 1e-6);
    }
  }));

Deno.test("choices are refused of other models, with priors, words or demonstrations, and with the gap's text in the template", () =>
  inFolder(choiceFiles, async (data) => {
    const study = choiceStudy(data, ["hand-written"]);
    const [bert, t5] = [await tinyWordModel("bert"), await tinyWordModel("t5")];
    const name = "language-model";
    const wrong: [Partial<Study>, RegExp][] = [
      [{ models: [bert] }, /it must be a decoder, as choices are texts of several tokens, it is a masked model$/],
      [{ models: [t5] }, /it must be a decoder, as choices are texts of several tokens, it is an encoder-decoder$/],
      [
        { head: { name, normalise: "prior" } },
        /^Cannot use head\.normalise prior for the task questions: it must be length, /,
      ],
      [
        { head: { name, words: { a: "b" } } },
        /^Cannot use head\.words: a task must have labels, of multiple choice none has$/,
      ],
      [
        { methods: ["in-context"] },
        /^Cannot use in-context for the task questions: the task must be one of classification, /,
      ],
      [{ head: { name, templates: ["{text} {pair} {answer}"] } }, /\{pair\} must be the second text of pairs, /],
    ];
    for (const [changes, message] of wrong) await refused({ ...study, ...changes }, message);
    await refused(
      choiceStudy(data, ["hand-written"], { templates: undefined }),
      /it must have a template, it has none; /,
    );
    await refused(choiceStudy(data, ["hand-written"], { placeholder: undefined }), /it must have \{pair\}, /);
  }));
