import assert from "node:assert/strict";
import { groupResults } from "../../reports/results.ts";
import type { RunRecord } from "../../runs/study/record.ts";
import { runId, settingId } from "../../runs/study/spec.ts";
import { makeRecord } from "./record-factory.ts";

Deno.test("runs that differ only in the seed are one setting, ordered by seed", () => {
  const runs = [2, 0, 1].map((seed) => makeRecord({ seed, accuracy: 0.7 + 0.1 * seed }));
  const { protocols: [{ settings }], ...others } = groupResults(runs, []);
  assert.equal(others.runs.length, 3);
  assert.equal(settings.length, 1);
  assert.deepEqual(settings[0].runs.map((run) => run.spec.seed), [0, 1, 2]);
  assert.ok(Math.abs(settings[0].mean - 0.8) < 1e-12);
  assert.equal(settings[0].label, "lora");
});

Deno.test("settings of one method with other options are labelled with the options that differ", () => {
  const runs = [0, 1].flatMap((seed) =>
    [4, 8].map((rank) => makeRecord({ seed, accuracy: rank / 10, options: { rank, alpha: 16 } }))
  );
  const { protocols } = groupResults([...runs, makeRecord({ method: "full" })], []);
  assert.equal(protocols.length, 1);
  assert.deepEqual(
    protocols[0].settings.map(({ label, mean }) => [label, mean]),
    [["full", 0.8], ["lora (rank 8)", 0.8], ["lora (rank 4)", 0.4]],
  );
});

Deno.test("options of a composition are named with their part", () => {
  const runs = [4, 8].map((rank) => makeRecord({ method: "lora+ia3", options: { rank } }));
  const labels = groupResults(runs, []).protocols[0].settings.map(({ label }) => label).sort();
  assert.deepEqual(labels, ["lora+ia3 (ia3.rank 4, lora.rank 4)", "lora+ia3 (ia3.rank 8, lora.rank 8)"]);
});

Deno.test("where a metric scores groups, intervals are those of groups: their variance is that of the groups' own scores", () => {
  const run = makeRecord({
    change(record) {
      record.predictions = record.predictions.map((prediction, at) =>
        ({ ...prediction, group: `${at >> 2}` }) as never
      );
      record.metrics = [{ name: "exact_match", unit: "fraction", direction: "higher" }, ...record.metrics];
      record.scores.test.exact_match = 0.8;
    },
  });
  const { protocols: [{ settings: [{ estimate, secondary: [{ estimate: accuracy }] }] }] } = groupResults([run], []);
  // 80 of 100 groups of four are right, and no group is right in part.
  for (const { variance, degrees } of [estimate!, accuracy!]) {
    assert.ok(Math.abs(variance - 0.8 * 0.2 / 99) < 1e-12, `${variance}`);
    assert.ok(Math.abs(degrees - 99) < 1e-9, `${degrees}`);
  }
});

Deno.test("runs with other data sizes, tasks or models are in protocols of their own", () => {
  const runs = [
    makeRecord(),
    makeRecord({ method: "full" }),
    makeRecord({ train: 600 }),
    makeRecord({ task: "b" }),
    makeRecord({ model: "m" }),
  ];
  const sizes = groupResults(runs, []).protocols.map(({ settings }) => settings.length);
  assert.deepEqual(sizes.sort(), [1, 1, 1, 2]);
});

Deno.test("runs too short for their study's patience to end share the table of those that it could end, and no other", () => {
  const trained = (method: string, training: { epochs: number; patience?: number }) => {
    const record = makeRecord({ method });
    const { patience: _, ...rest } = record.spec.training;
    const spec = { ...record.spec, training: { ...rest, ...training } };
    return { ...record, spec, id: runId(spec), setting: settingId(spec) };
  };
  const long = trained("lora", { epochs: 12, patience: 3 });
  const methodsOf = (records: RunRecord[]) =>
    groupResults(records, []).protocols.map(({ settings }) => settings.map(({ method }) => method).sort());
  assert.deepEqual(methodsOf([long, trained("bitfit", { epochs: 4 })]), [["bitfit", "lora"]]);
  assert.deepEqual(methodsOf([long, trained("bitfit", { epochs: 5 })]).sort(), [["bitfit"], ["lora"]]);
  const others = [trained("bitfit", { epochs: 4 }), trained("full", { epochs: 12, patience: 5 })];
  assert.deepEqual(methodsOf([long, ...others]).sort(), [["bitfit", "lora"], ["full"]]);
  const { protocols: [{ spec }] } = groupResults([trained("bitfit", { epochs: 2 }), long], []);
  assert.equal((spec.training as { patience?: number }).patience, 3);
});

Deno.test("copies of a model's folder under several names share a table, whose title has all of them", () => {
  const revision = "ab".repeat(32);
  const runs = [["b", 0], ["a", 1], ["a", 2]].map(([model, seed]) =>
    makeRecord({ model: String(model), seed: Number(seed), revision })
  );
  const { protocols } = groupResults([...runs, makeRecord({ model: "a", revision: "cd".repeat(32) })], []);
  const settings = protocols.map(({ settings }) => settings.map(({ model, runs }) => [model, runs.length]));
  assert.deepEqual(settings.sort(), [[["a = b", 3]], [["a", 1]]]);
});

Deno.test("the best mean comes first, which is the lowest where lower is better", () => {
  const order = (direction: "higher" | "lower") =>
    groupResults(
      [["a", 0.3], ["b", 0.5], ["c", 0.4]].map(([method, accuracy]) =>
        makeRecord({
          method: String(method),
          accuracy: Number(accuracy),
          change: (record) => record.metrics[0].direction = direction,
        })
      ),
      [],
    ).protocols[0].settings.map(({ method }) => method).join("");
  assert.equal(order("higher"), "bca");
  assert.equal(order("lower"), "acb");
});
