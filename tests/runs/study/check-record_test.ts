import assert from "node:assert/strict";
import { writeReport } from "../../../reports/mod.ts";
import { hashExamples } from "../../../runs/study/check-record.ts";
import type { Prediction, RunRecord } from "../../../runs/study/record.ts";
import { readRecords } from "../../../runs/study/read-records.ts";
import { runId, settingId } from "../../../runs/study/spec.ts";
import { inFolder } from "../../in-folder.ts";
import { makeRecord } from "../../reports/record-factory.ts";
import { chosen, estimated, grouped, labelled } from "./kind-records.ts";

const golden: RunRecord = JSON.parse(
  await Deno.readTextFile(new URL("../../golden/record-1.json", import.meta.url)),
);

/** Why a record cannot be read; undefined if it can. */
async function reasonOf(record: RunRecord): Promise<string | undefined> {
  return await inFolder({ [`runs/${record.id}.json`]: record }, async (folder) => {
    const { records, unreadable } = await readRecords(folder);
    assert.equal(records.length + unreadable.length, 1);
    return unreadable[0]?.reason;
  });
}

/** The golden record after a change in place. */
function edited(change: (record: RunRecord) => void): RunRecord {
  const record = structuredClone(golden);
  change(record);
  return record;
}

/** A record of generation: two texts, the first of them right. */
function generated(): RunRecord {
  const record = makeRecord();
  const predictions: Prediction[] = [
    { id: "a", references: ["the cat sat on the mat", "a cat"], predicted: "the cat sat on the mat" },
    { id: "b", references: ["it is late"], predicted: "is late" },
  ];
  const kept = 0.5;
  record.task.labels = [];
  record.task.splits.test = { size: 2, sha256: hashExamples(predictions.map(({ id }) => ({ id }))) };
  record.metrics = [{ name: "rouge_l", unit: "fraction", direction: "higher" }];
  record.scores = {
    validation: { rouge_l: kept },
    test: { rouge_l: 0.9 },
    majority: { value: null, reason: "the task has no classes" },
  };
  record.curve.validation = Array.from({ length: 4 }, () => ({ rouge_l: kept }));
  return { ...record, predictions };
}

Deno.test("a record of numbers or of several labels that contradicts its predictions is unreadable", async () => {
  const cases: [RunRecord, (record: RunRecord) => void, RegExp][] = [
    [
      estimated(),
      ({ scores }) => scores.test.mse = 0.18,
      /^its test score mse must be that of its predictions, 0\.1875, /,
    ],
    [
      estimated(),
      ({ predictions }) => Object.assign(predictions[0], { target: 1.1 }),
      /^its split test must have the SHA-256/,
    ],
    [estimated(), (record) => record.baseline = 2.1, /^its majority scores must be those of its baseline, /],
    [estimated(), (record) => record.baseline = [1], /^its baseline must be of its 0 labels, /],
    [
      estimated(),
      (record) => delete record.baseline,
      /^its baseline must be in it for numbers, sets of labels and choices, true, /,
    ],
    [
      estimated(),
      ({ metrics }) => metrics[0].direction = "higher",
      /^its metric mse must be an error, lower is better, /,
    ],
    [
      labelled(),
      ({ scores }) => scores.test.exact_match = 0.75,
      /^its test score exact_match must be that of its predictions/,
    ],
    [
      labelled(),
      ({ predictions }) => Object.assign(predictions[3], { predicted: [0, 3] }),
      /^its predictions must be of its 3 classes/,
    ],
    [labelled(), ({ predictions }) => Object.assign(predictions[3], { predicted: [1, 0] }), /ascending/],
    [labelled(), (record) => record.baseline = [0, 1, 2], /^its majority scores must be those of its baseline, /],
    [labelled(), (record) => record.baseline = 1, /^its baseline must be an answer as the others are, label sets, /],
    [labelled(), (record) => delete record.threshold, /^its threshold must be in it for sets of labels, true, /],
    [
      chosen(),
      ({ predictions }) => Object.assign(predictions[0], { predicted: 1 }),
      /^its test score accuracy must be that of its predictions, 0\.333/,
    ],
    [
      chosen(),
      ({ predictions }) => Object.assign(predictions[2], { right: [1] }),
      /^its split test must have the SHA-256/,
    ],
    [
      chosen(),
      ({ predictions }) => Object.assign(predictions[1], { predicted: 2 }),
      /^its predictions must be of the choices of each example, that of b is not$/,
    ],
    [
      chosen(),
      (record) => delete record.baseline,
      /^its baseline must be in it for numbers, sets of labels and choices, /,
    ],
    [chosen(), (record) => record.baseline = 1, /^its majority scores must be those of its baseline, they are others$/],
    [
      grouped(),
      ({ predictions }) => Object.assign(predictions[3], { group: "z" }),
      /^its test score exact_match must be that of its predictions, 0\.6666/,
    ],
    [
      grouped(),
      ({ predictions }) => predictions.forEach((prediction) => Object.assign(prediction, { group: undefined })),
      /^its predictions must have groups, as its metrics have exact_match$/,
    ],
  ];
  for (const [record, change, reason] of cases) {
    assert.equal(await reasonOf(record), undefined);
    change(record);
    assert.match(await reasonOf(record) ?? "", reason);
  }
});

Deno.test("a record as a run leaves it is read, of classes and of texts", async () => {
  assert.equal(await reasonOf(golden), undefined);
  assert.equal(await reasonOf(makeRecord({ accuracy: 0.83 })), undefined);
  assert.equal(await reasonOf(generated()), undefined);
});

Deno.test("a record that contradicts its spec or its predictions is unreadable, and the reason says what does not hold", async () => {
  const cases: [(record: RunRecord) => void, RegExp][] = [
    [
      ({ spec }) => spec.training.epochs++,
      /^its id must be the hash of its spec, [0-9a-f]{16}, current value is 6cde425c22917d0e$/,
    ],
    [(record) => record.setting = "0".repeat(16), /^its setting must be the hash of its spec without the seed, /],
    [
      ({ scores }) => scores.test.accuracy = 0.9,
      /^its test score accuracy must be that of its predictions, 0\.5625, current value is 0\.9$/,
    ],
    [({ scores }) => scores.test.matthews += 1e-6, /^its test score matthews must be that of its predictions, /],
    [({ scores }) => scores.validation.accuracy = 0.99, /^its validation scores must be those of its best epoch, 1, /],
    [(record) => record.bestEpoch = 7, /^its validation scores must be those of its best epoch, 7, /],
    [
      ({ scores }) => Object.assign(scores.majority, { accuracy: 0.4 }),
      /^its majority scores must be those of one class/,
    ],
    [({ metrics }) => metrics[0].direction = "lower", /^its metric accuracy must be a fraction, higher is better, /],
    [
      ({ task }) => task.splits.train.size = 600,
      /^its split train must have the size that its spec asks for, 48, current value is 600$/,
    ],
    [
      ({ task }) => task.splits.validation.size = 0,
      /^its split validation must have the size that its spec asks for, 32, /,
    ],
    [
      ({ task }) => task.splits.test.size = 63,
      /^its predictions must be one for each test example, 63, current value is 64$/,
    ],
    [
      (record) => {
        record.predictions = [...record.predictions, ...record.predictions] as typeof record.predictions;
        record.task.splits.test.size = 128;
      },
      /^its split test must have at most 64 examples, current value is 128$/,
    ],
    [({ predictions }) => predictions[0].id = "other", /^its split test must have the SHA-256 of its predictions, /],
    [
      ({ predictions }) => Object.assign(predictions[0], { predicted: 2 }),
      /^its predictions must be of its 2 classes, that of /,
    ],
    // A prediction that is edited so that it is right.
    [
      ({ predictions }) => {
        const wrong = (predictions as { label: number; predicted: number }[]).find((one) =>
          one.label !== one.predicted
        )!;
        wrong.predicted = wrong.label;
      },
      /^its test score accuracy must be that of its predictions, 0\.578125, current value is 0\.5625$/,
    ],
  ];
  for (const [change, message] of cases) assert.match(await reasonOf(edited(change)) ?? "it was read", message);
  const text = generated();
  text.scores.test.rouge_l = 0.95;
  assert.match(
    await reasonOf(text) ?? "it was read",
    /^its test score rouge_l must be that of its predictions, 0\.9, /,
  );
});

Deno.test("a record whose spec was edited together with its id is still unreadable where its splits do not fit", async () => {
  const record = edited((record) => {
    record.spec.data.train = 600;
    record.id = runId(record.spec);
    record.setting = settingId(record.spec);
  });
  assert.match(
    await reasonOf(record) ?? "it was read",
    /^its split train must have the size .*, 600, current value is 48$/,
  );
});

Deno.test("a report leaves an edited record out, and says so", () =>
  inFolder({}, async (folder) => {
    const records = [edited(({ scores }) => scores.test.accuracy = 1), makeRecord()];
    await Deno.mkdir(`${folder}/runs`);
    for (const record of records) await Deno.writeTextFile(`${folder}/runs/${record.id}.json`, JSON.stringify(record));
    const { unreadable } = await writeReport([folder], `${folder}/report`);
    assert.deepEqual(unreadable.map(({ path }) => path), [`${folder}/runs/${golden.id}.json`]);
    const report = await Deno.readTextFile(`${folder}/report/report.md`);
    assert.match(report, /its test score accuracy must be that of its predictions, 0\.5625, current value is 1/);
  }));
