import assert from "node:assert/strict";
import fc from "fast-check";
import {
  canonical,
  formerIds,
  methodName,
  runId,
  type RunSpec,
  settingId,
  specSchema,
} from "../../../runs/study/spec.ts";

const spec: RunSpec = {
  seed: 0,
  precision: "float32",
  device: "cpu",
  model: { name: "use-lite", revision: "0.2.0" },
  task: { version: 1, name: "brown/negation" },
  data: { train: 300, validation: 150, test: 400 },
  method: [{ name: "lora", options: { rank: 8, alpha: 16, dropout: 0, learningRate: 1e-3, epochs: 4 } }],
  training: {
    epochs: 4,
    batchSize: 16,
    headLearningRate: 3e-3,
    weightDecay: 0,
    warmup: 0.06,
    clip: 1,
    maxLength: 64,
    microBatchRows: 512,
  },
};

Deno.test("a run's id is the start of the SHA-256 of its spec written with sorted keys", () => {
  // printf '%s' '{"data":{"test":400,…' | sha256sum
  assert.equal(
    canonical(spec),
    '{"data":{"test":400,"train":300,"validation":150},"device":"cpu","method":[{"name":"lora","options":' +
      '{"alpha":16,"dropout":0,"epochs":4,"learningRate":0.001,"rank":8}}],"model":{"name":"use-lite",' +
      '"revision":"0.2.0"},"precision":"float32","seed":0,"task":{"name":"brown/negation","version":1},"training":' +
      '{"batchSize":16,"clip":1,"epochs":4,"headLearningRate":0.003,"maxLength":64,"microBatchRows":512,' +
      '"warmup":0.06,"weightDecay":0}}',
  );
  assert.equal(runId(spec), "fdba412f2b3aad59");
  assert.equal(settingId(spec), "eb087b03e1ae82ad");
});

Deno.test("a name is part of an id unless the revision is the content of a folder", () => {
  const ids = (name: string, revision: string) => {
    const named = { ...spec, model: { name, revision } };
    return [runId(named), settingId(named)];
  };
  const [content, commit] = ["ab".repeat(32), "ab".repeat(20)];
  assert.deepEqual(ids("a", content), ids("b", content));
  assert.notDeepEqual(ids("a", content), ids("a", "cd".repeat(32)));
  assert.notDeepEqual(ids("org/a", commit), ids("org/b", commit));
  assert.notDeepEqual(ids("org/a", content), ids("org/b", content));
  assert.notDeepEqual(ids("a", "0.2.0"), ids("b", "0.2.0"));
  const folder = { ...spec, model: { name: "a", revision: content } };
  assert.notEqual(formerIds(folder).id, runId(folder));
  assert.deepEqual(formerIds(spec), { id: runId(spec), setting: settingId(spec) });
});

Deno.test("the order of keys does not change a run's id, the order of a method's parts does", () => {
  const reversed = Object.fromEntries(Object.entries(spec).reverse()) as unknown as RunSpec;
  assert.equal(runId(reversed), runId(spec));
  const prompt = { name: "prompt-tuning", options: {} };
  const joined = { ...spec, method: [...spec.method, prompt] };
  assert.equal(methodName(joined), "lora+prompt-tuning");
  assert.notEqual(runId({ ...joined, method: joined.method.toReversed() }), runId(joined));
});

Deno.test("seeds share a setting and have ids of their own", () => {
  fc.assert(fc.property(fc.nat(), fc.nat(), (a, b) => {
    assert.equal(settingId({ ...spec, seed: a }), settingId({ ...spec, seed: b }));
    assert.equal(runId({ ...spec, seed: a }) === runId({ ...spec, seed: b }), a === b);
  }));
});

Deno.test("canonical text reads back as the same value", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    assert.deepEqual(JSON.parse(canonical(value)), JSON.parse(JSON.stringify(value)));
  }));
});

Deno.test("a spec with an unknown key is refused", () => {
  assert.ok(specSchema.safeParse(spec).success);
  assert.ok(!specSchema.safeParse({ ...spec, learningRate: 1 }).success);
  assert.ok(!specSchema.safeParse({ ...spec, training: { ...spec.training, dropout: 0 } }).success);
});
