import assert from "node:assert/strict";
import { parse } from "csv-parse/sync";
import { cpu } from "../../../../engine/devices/cpu.ts";
import { methods } from "../../../../methods/mod.ts";
import type { CommonOptions } from "../../../../methods/types.ts";
import { findFolder } from "../../../../models/mod.ts";
import { groupResults } from "../../../../reports/results.ts";
import { renderResultsCsv } from "../../../../reports/text/csv.ts";
import { renderMarkdown } from "../../../../reports/text/markdown.ts";
import { generation } from "../../../../runs/training/generation.ts";
import { checkRecord } from "../../../../runs/study/check-record.ts";
import type { RunRecord } from "../../../../runs/study/record.ts";
import { e2e } from "../../../../tasks/e2e.ts";
import { CHARACTERS, folder, modelFolder, recordOf, result, spec } from "./setup.ts";

Deno.test("reports show the perplexity with its interval, and read records from before there was one", () => {
  const record = recordOf(spec, result);
  const losses = record.predictions.map((one) => "references" in one ? [one.loss!, one.tokens!] : assert.fail());
  const without = (left?: number) => {
    const [loss, tokens] = losses.filter((_, at) => at !== left).reduce(([a, b], [c, d]) => [a + c, b + d]);
    return Math.exp(loss / tokens);
  };
  // The jackknife: three pseudo-values, and Student's t of two degrees of freedom.
  const pseudo = losses.map((_, at) => 3 * without() - 2 * without(at));
  const centre = pseudo.reduce((sum, value) => sum + value, 0) / 3;
  const variance = pseudo.reduce((sum, value) => sum + (value - centre) ** 2, 0) / 2;
  const half = 4.302652729911275 * Math.sqrt(variance / 3);
  const grouped = groupResults([record], []);
  const [row] = parse<Record<string, string>>(renderResultsCsv(grouped), { columns: true });
  assert(Math.abs(Number(row.perplexity_mean) - without()) < 1e-9);
  assert(Math.abs(Number(row.perplexity_ci_high) - without() - half) < 1e-6 * half);
  const shown = `${without().toFixed(3)} ± ${half.toFixed(3)} |`;
  assert(renderMarkdown(grouped).includes(shown), shown);
  assert.match(renderMarkdown(grouped), /\| perplexity \(lower is better\) \|[^]*one tokenizer only/);

  const earlierSpec = { ...spec, seed: 1 };
  const { perplexity: _, ...scores } = record.scores.test;
  const earlier: RunRecord = {
    ...recordOf(earlierSpec, result),
    metrics: record.metrics.slice(0, 2),
    scores: { ...record.scores, validation: scores, test: scores },
    predictions: record.predictions.map((one) => {
      const { loss: _, tokens: __, ...rest } = one as typeof one & { loss?: number; tokens?: number };
      return rest;
    }),
  };
  checkRecord({ ...earlier, curve: { ...earlier.curve, validation: earlier.curve.validation.map(() => scores) } });
  const [{ settings: [both] }] = groupResults([record, earlier], []).protocols;
  assert.deepEqual([both.runs.length, both.secondary.map(({ metric }) => metric.name)], [2, ["rouge_l"]]);
  const edited = { ...record, predictions: earlier.predictions };
  assert.throws(() => checkRecord(edited), /predictions must have the loss of their references/);
});

Deno.test("the loss is the mean over the answers' tokens alone, whatever the micro-batches", async () => {
  const backbone = await (await findFolder(folder)).open();
  const method = methods["prompt-tuning"];
  const parts = [{ method, options: method.options.parse({ virtualTokens: 2 }) as CommonOptions }];
  const example = { id: "", text: "name[7]", references: ["it is 7", "7"] };
  const splits = { train: [example], validation: [example], test: [example] };
  const trainingTask = await generation(e2e, splits, { spec, backbone, parts, threads: 1 });
  const { trainExamples, loss } = trainingTask;
  // Each answer follows "name[7]" and a line break, and ends with a token of its own.
  assert.deepEqual(trainExamples.lengths, [8 + 7 + 1, 8 + 1 + 1]);
  const parameters = await trainingTask.start(0);
  const executable = await cpu.compile(loss.program, loss.signature, { threads: 1 });
  const lossOf = async (indices: number[]) => {
    const inputs = { ...trainExamples.collate(indices), ...trainExamples.lossInputs(indices, [0, 1]) };
    return (await executable.run({ parameters, inputs })).loss[0];
  };
  const scores = await cpu.compile(trainingTask.identity.adapted.program, trainingTask.identity.adapted.signature, {
    threads: 1,
  });
  // The same by the scores of the next token, one text of growing length at a time.
  let expected = 0;
  for (const index of [0, 1]) {
    const ids = [...trainExamples.collate([index]).ids.data];
    for (let at = 8; at < ids.length; at++) {
      const { scores: next } = await scores.run({ parameters, inputs: backbone.collate([ids.slice(0, at)]) });
      const top = Math.max(...next);
      const total = top + Math.log(next.reduce((sum, score) => sum + Math.exp(score - top), 0));
      expected += (total - next[ids[at]]) / 10;
    }
    assert.equal(ids.at(-1), 97);
  }
  const together = await lossOf([0, 1]);
  const apart = await lossOf([0]) + await lossOf([1]);
  await executable.release();
  await scores.release();
  assert(Math.abs(together - expected) < 1e-4, `${together} instead of ${expected}`);
  assert(Math.abs(apart - expected) < 1e-4, `${apart} instead of ${expected}`);
});

Deno.test("the loss of references and the perplexity are those of transformers", async () => {
  const golden = JSON.parse(await Deno.readTextFile(new URL("../../../golden/reference-loss.json", import.meta.url)));
  const examples = (golden.examples as { text: string; references: string[] }[]).map((example, at) => ({
    ...example,
    id: `test/${at}`,
  }));
  const splits = { train: examples, validation: examples, test: examples };
  for (const place of ["A/gpt2", "T5A/t5"]) {
    const backbone = await (await findFolder(await modelFolder(place))).open();
    const method = methods.lora;
    const parts = [{ method, options: method.options.parse({}) as CommonOptions }];
    const training = { ...spec.training, outputLength: golden.outputLength };
    const task = await generation(e2e, splits, { spec: { ...spec, training }, backbone, parts, threads: 1 });
    const evaluator = await task.evaluator(({ program, signature }) => cpu.compile(program, signature, { threads: 1 }));
    const { predictions, scores, loss } = await evaluator.evaluate("test", await task.start(0));
    await evaluator.release();
    const expected: { loss: number; tokens: number }[] = golden[place];
    for (const [at, one] of expected.entries()) {
      const { loss, tokens } = predictions[at] as { loss: number; tokens: number };
      assert.equal(tokens, one.tokens);
      assert(Math.abs(loss - one.loss) < 1e-4, `${place}: ${loss} instead of ${one.loss}`);
    }
    const [losses, tokens] = expected.reduce(([sum, count], one) => [sum + one.loss, count + one.tokens], [0, 0]);
    assert(Math.abs(loss.value! - losses / tokens) < 1e-5);
    assert(Math.abs(scores.perplexity / Math.exp(losses / tokens) - 1) < 1e-5);
  }
});

Deno.test("an encoder-decoder learns its answer token by token, after its start token", async () => {
  const backbone = await (await findFolder(await modelFolder("T5A/t5"))).open();
  const method = methods.lora;
  const parts = [{ method, options: method.options.parse({}) as CommonOptions }];
  const example = { id: "", text: "ab", references: ["abcdef", "a"] };
  const splits = { train: [example], validation: [example], test: [example] };
  const { trainExamples } = await generation(e2e, splits, { spec, backbone, parts, threads: 1 });
  const { ids, mask, target } = trainExamples.collate([0, 1]);
  const { labels, weights, texts, places } = trainExamples.lossInputs([0, 1], [0, 1]);
  const id = (c: string) => CHARACTERS.indexOf(c);
  const { start } = backbone.languageModel!.target!;
  const end = backbone.languageModel!.end!;
  const word = [..."abcdef"].map(id);
  assert.deepEqual([...ids.data].filter((_, at) => mask.data[at] === 1), [id("a"), id("b"), id("a"), id("b")]);
  assert.deepEqual([...target.data].slice(0, 9), [start, ...word, start, id("a")]);
  assert.deepEqual([...labels.data], [...word, end, id("a"), end]);
  assert.deepEqual([...texts.data], [0, 0, 0, 0, 0, 0, 0, 1, 1]);
  assert.deepEqual([...places.data], [0, 1, 2, 3, 4, 5, 6, 0, 1]);
  assert.deepEqual([...weights.data], Array(9).fill(Math.fround(1 / 9)));
  for (const { shape } of [ids, mask, target]) assert.deepEqual(shape, [2, 7]);
  for (const { shape } of [labels, texts, places, weights]) assert.deepEqual(shape, [9]);
});
