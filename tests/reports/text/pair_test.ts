import assert from "node:assert/strict";
import { UsageError } from "../../../base/errors.ts";
import { renderBaseline } from "../../../reports/baseline.ts";
import { renderPair, splitPair } from "../../../reports/text/pair.ts";
import { groupResults } from "../../../reports/results.ts";
import { runId, settingId } from "../../../runs/study/spec.ts";
import { makeRecord } from "../record-factory.ts";
import { writtenRecords } from "../written-records.ts";

function resultsOf(...methods: [method: string, accuracies: number[]][]) {
  return groupResults(
    methods.flatMap(([method, accuracies]) =>
      accuracies.map((accuracy, seed) => makeRecord({ method, seed, accuracy }))
    ),
    [],
  );
}

Deno.test("two methods are tested by seed and by example, and a test that cannot reach 5 % is not offered", () => {
  const text = renderPair(resultsOf(["lora", [0.9, 0.8, 0.85]], ["full", [0.8, 0.81, 0.75]]), ["lora", "full"]);
  // The examples that are right are nested, so on 40 examples only the first is right; 2 · 0.5⁴⁰ is below 0.001.
  assert.match(text, /^ +0 +10\.0 +\d\.\d to \d+\.\d +40 +0 +< 0\.001$/m);
  assert.match(text, /^ +1 +−1\.0 .* 0 +4 +0\.13$/m);
  assert.match(text, /^Mean over 3 seeds: \+6\.3 ± /m);
  assert.match(text, /^Sign-flip test over seeds: not offered, as the least that 3 seeds can give is 0\.25\.$/m);
});

Deno.test("six seeds are enough for the sign-flip test", () => {
  const high = Array.from({ length: 6 }, (_, seed) => 0.8 + 0.01 * seed);
  const text = renderPair(resultsOf(["lora", high], ["full", high.map((accuracy) => accuracy - 0.1)]), [
    "lora",
    "full",
  ]);
  assert.match(text, /^Sign-flip test over seeds: p = 0\.031 \(the least that 6 seeds can give is 0\.031\)\.$/m);
});

Deno.test("methods without a common seed are not compared, and an unknown one is answered with the nearest", () => {
  const apart = groupResults([makeRecord(), makeRecord({ method: "full", seed: 1 })], []);
  assert.match(renderPair(apart, ["lora", "full"]), /Not compared: they have no seed/);
  assert.throws(() => renderPair(apart, ["lora", "ful"]), UsageError);
});

Deno.test("a row is named by its method where it is the only one, and a comma inside a label is the label's", () => {
  const template = "{text}, so (as I say), {answer}";
  const other = writtenRecords.slice(0, 2).map((record) => {
    const spec = { ...record.spec, head: { ...record.spec.head!, template } };
    return { ...record, spec, id: runId(spec), setting: settingId(spec) };
  });
  const lora = [0, 1].map((seed) => makeRecord({ seed, accuracy: 0.7 }));
  const one = groupResults([...other, ...lora], []);
  assert.match(renderPair(one, splitPair(one, "lora, hand-written")), /: lora less hand-written, accuracy$/m);
  const several = groupResults([...other, ...writtenRecords.slice(0, 2), ...lora], []);
  const label = `hand-written (template ${JSON.stringify(template)})`;
  assert.deepEqual(splitPair(several, `${label},lora`), [label, "lora"]);
  assert.deepEqual(splitPair(several, `lora,${label}`), ["lora", label]);
  assert.throws(() => renderPair(several, splitPair(several, "hand-written,lora")), (error: Error) => {
    assert.ok(
      error instanceof UsageError &&
        error.message.startsWith("Cannot compare hand-written: it must be the name of one row"),
    );
    return error.message.includes(label);
  });
  assert.throws(() => splitPair(several, "lora"), UsageError);
});

Deno.test("against a baseline, what moved beyond noise is told from what changed within it", () => {
  const before = resultsOf(["lora", [0.8, 0.81, 0.82]], ["full", [0.8, 0.8, 0.8]], ["ia3", [0.7, 0.7, 0.7]]);
  const after = resultsOf(["lora", [0.8, 0.81, 0.82]], ["full", [0.8, 0.805, 0.8]], ["ia3", [0.9, 0.9, 0.9]]);
  const text = renderBaseline(after, before);
  assert.match(text, /^Against the baseline, 3 settings/);
  assert.match(text, /^- 1 with the same predictions$/m);
  assert.match(text, /^- 1 changed within noise\n.*full \+0\.2 ± /m);
  assert.match(text, /^- 1 moved beyond noise.*\n.*ia3 \+20\.0 ± /m);
  assert.match(renderBaseline(after, resultsOf(["bitfit", [0.5]])), /^- 3 not compared/m);
});
