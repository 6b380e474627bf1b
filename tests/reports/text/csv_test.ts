import assert from "node:assert/strict";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { visible } from "../../../base/errors.ts";
import { renderDifferencesCsv, renderResultsCsv, renderRunsCsv } from "../../../reports/text/csv.ts";
import { groupResults } from "../../../reports/results.ts";
import type { RunRecord } from "../../../runs/study/record.ts";
import { makeRecord } from "../record-factory.ts";

const COSTS = "trainable_params,trainable_percent,method_params,head_params,frozen_params,stored_bytes," +
  "peak_memory_bytes,training_memory_bytes,planned_memory_bytes,planned_weights_bytes,planned_parameters_bytes," +
  "planned_gradients_bytes,planned_optimiser_bytes,planned_activations_bytes,planned_runtime_bytes,flops_tokens," +
  "inference_flops,backbone_flops,train_step_flops,train_seconds," +
  "step_seconds,seconds_to_best,examples_per_second";

function rowsOf(csv: string): Record<string, string>[] {
  return parse(csv, { columns: true });
}

Deno.test("results.csv has the columns of the design and one row for each setting", () => {
  const runs = [0, 1, 2].map((seed) => makeRecord({ seed, accuracy: 0.7 + 0.1 * seed }));
  const csv = renderResultsCsv(groupResults([...runs, makeRecord({ method: "full" })], []));
  assert.equal(
    csv.split("\n")[0],
    "model,task,method,options,setting,table,metric,n,mean,sd,ci_low,ci_high,scores,failed_seeds,best,difference," +
      "difference_ci_low,difference_ci_high,difference_p,validation_mean,majority,matthews_mean,matthews_ci_low,matthews_ci_high," +
      `${COSTS},stored_10_tasks_bytes,pscp,run_ids`,
  );
  const [full, lora] = rowsOf(csv);
  assert.deepEqual([full.method, full.n, full.mean, full.sd, full.best, full.difference], [
    "full",
    "1",
    "0.8",
    "",
    "0",
    "",
  ]);
  assert.deepEqual([lora.metric, lora.n, lora.majority, lora.peak_memory_bytes], ["accuracy", "3", "0.5", "314572800"]);
  assert.equal(lora.run_ids, runs.map(({ id }) => id).join(" "));
  assert.equal(lora.setting, runs[0].setting);
  assert.equal(lora.options, "epochs 4; headLearningRate 0.003; learningRate 0.001");
  assert.equal(lora.scores, "0:0.7 1:0.7999999999999999 2:0.8999999999999999");
  // Three values 0.1 apart, on the same examples; by numpy and scipy: t(2.300) · √0.003575. A score of all three or of none
  // of two classes is right equally often in both, and Matthews' coefficient is twice the accuracy less 1.
  const expected = {
    mean: 0.8,
    sd: 0.1,
    ci_low: 0.8 - 0.2275995897,
    ci_high: 0.8 + 0.2275995897,
    matthews_mean: 0.6,
    trainable_percent: 2.5602,
  };
  for (const [column, value] of Object.entries(expected)) {
    assert.ok(Math.abs(Number(lora[column]) - value) < 1e-9, column);
  }
});

Deno.test("runs.csv has one row for each run, with every metric on validation and test", () => {
  const other = makeRecord({
    task: "other",
    change: (record) => {
      record.metrics = [{ name: "macro_f1", unit: "fraction", direction: "higher" }];
      record.scores.test = { macro_f1: 0.25 };
      record.scores.validation = { macro_f1: 0.5 };
      record.scores.majority = { macro_f1: 0.125 };
    },
  });
  const csv = renderRunsCsv(groupResults([makeRecord({ seed: 1, accuracy: 0.25 }), other], []));
  assert.equal(
    csv.split("\n")[0],
    "id,model,task,method,options,setting,seed,validation_accuracy,validation_macro_f1,validation_matthews," +
      `test_accuracy,test_macro_f1,test_matthews,${COSTS},side_by_side`,
  );
  const [first, second] = rowsOf(csv);
  assert.deepEqual([first.id, first.test_macro_f1, first.validation_macro_f1], [other.id, "0.25", "0.5"]);
  assert.deepEqual([first.test_accuracy, second.test_macro_f1], ["", ""]);
  // A negative score stays a number.
  assert.deepEqual([second.seed, second.test_accuracy, second.test_matthews], ["1", "0.25", "-0.5"]);
});

Deno.test("rows of tables of the same task and model are told apart in words, and runs beside others are marked", () => {
  const change = ({ environment }: RunRecord) => void (environment.started = "2026-01-01T00:00:00Z");
  const runs = [300, 600].flatMap((train) => ["lora", "full"].map((method) => makeRecord({ train, method, change })));
  const results = groupResults(runs, []);
  const tables = ["sentiment/amazon, use-lite (data.train 300)", "sentiment/amazon, use-lite (data.train 600)"];
  assert.deepEqual(new Set(rowsOf(renderResultsCsv(results)).map(({ table }) => table)), new Set(tables));
  assert.deepEqual(rowsOf(renderDifferencesCsv(results)).map(({ table }) => table).sort(), tables);
  assert.ok(rowsOf(renderRunsCsv(results)).every(({ side_by_side }) => side_by_side === "1"));
  assert.equal(rowsOf(renderResultsCsv(results))[0].validation_mean, "0.8");
});

Deno.test("differences.csv has a row for each pair that is compared, the better mean first", () => {
  const runs = [["lora", 0.84], ["full", 0.64], ["ia3", 0.83]] as const;
  const results = groupResults(
    runs.flatMap(([method, accuracy]) =>
      [0, 1, 2].map((seed) => makeRecord({ method, seed, accuracy: accuracy + 0.01 * seed }))
    ),
    [],
  );
  const rows = rowsOf(renderDifferencesCsv(results));
  assert.deepEqual(rows.map(({ first, second }) => `${first} ${second}`), ["lora ia3", "lora full", "ia3 full"]);
  const [, { difference, ci_low, ci_high, p, seeds }] = rows;
  assert.equal(seeds, "0 1 2");
  // By numpy and scipy: t(424.3) · √0.0003781.
  assert.ok(Math.abs(Number(difference) - 0.2) < 1e-9);
  assert.ok(Math.abs(Number(ci_high) - Number(ci_low) - 2 * 0.0382207214) < 1e-8);
  assert.ok(Number(p) < 1e-6);
  const alone = renderDifferencesCsv(groupResults([makeRecord()], []));
  assert.deepEqual(rowsOf(alone), []);
  assert.equal(alone.split("\n")[0], renderDifferencesCsv(results).split("\n")[0]);
});

Deno.test("what was not measured is an empty cell, and a cost is the median over the runs in which it was measured", () => {
  const runs = [0, 1, 2].map((seed) =>
    makeRecord({
      seed,
      change: ({ memory }) => {
        memory.peak = { value: null, reason: "lost" };
        memory.training = seed === 0 ? { value: null, reason: "lost" } : { value: 100 * seed };
      },
    })
  );
  const results = groupResults(runs, []);
  const [setting] = rowsOf(renderResultsCsv(results));
  assert.deepEqual([setting.peak_memory_bytes, setting.training_memory_bytes], ["", "150"]);
  assert.deepEqual(rowsOf(renderRunsCsv(results)).map((row) => row.training_memory_bytes), ["", "100", "200"]);
});

Deno.test("any text stays inside its cell, hides nothing and never starts a formula", () => {
  const start = fc.constantFrom("", "=", "+", "-", "@", "\t", "\r", '"', ",", "\n");
  const text = fc.tuple(start, fc.string({ unit: "binary" })).map((parts) => parts.join(""));
  fc.assert(fc.property(text, text, (model, task) => {
    const results = groupResults([makeRecord({ model, task })], []);
    for (const csv of [renderResultsCsv(results), renderRunsCsv(results)]) {
      const rows = rowsOf(csv);
      assert.equal(rows.length, 1);
      for (const [cell, original] of [[rows[0].model, model], [rows[0].task, task]]) {
        assert.doesNotMatch(cell, /^[=+\-@\t\r]/);
        // deno-lint-ignore no-control-regex
        assert.doesNotMatch(cell, /[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
        assert.equal(/^[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]/.test(original) ? cell.slice(1) : cell, visible(original));
      }
    }
  }));
});
