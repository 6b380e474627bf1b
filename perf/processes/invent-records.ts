/**
 * Results that nobody trained: records in the form of real ones, by a seed, for measuring reports of many runs.
 * @module
 */
import { Random } from "../../base/random.ts";
import { hashExamples } from "../../runs/study/check-record.ts";
import { RECORD_VERSION, type RunRecord, type Scores } from "../../runs/study/record.ts";
import { runId, type RunSpec, settingId } from "../../runs/study/spec.ts";
import { trainingDefaults } from "../../runs/study/training-defaults.ts";
import { metrics } from "../../tasks/metrics.ts";

/** How many of each there are; their product is the number of runs. */
export interface StudySize {
  /** Tasks. */
  tasks: number;
  /** Settings: ranks of one method. */
  settings: number;
  /** Seeds. */
  seeds: number;
}

/** As in the presets. */
const DATA = { train: 300, validation: 150, test: 400 };
const EPOCHS = 4;
const STEPS = EPOCHS * Math.ceil(DATA.train / trainingDefaults.batchSize);

const ENVIRONMENT: Omit<RunRecord["environment"], "started"> = {
  suite: { version: "0.1.0", commit: null, dirty: null, lockSha256: "ef".repeat(32) },
  versions: { deno: "2" },
  os: "invented",
  arch: "invented",
  processor: "invented",
  cores: 2,
  memoryBytes: 2 ** 33,
  threads: 2,
  device: { name: "cpu", provider: "invented", hardware: { value: "invented" }, driver: { value: "invented" } },
};

function specOf(task: number, setting: number, seed: number): RunSpec {
  return {
    model: { name: "invented", revision: "1" },
    task: { name: `invented/${task}`, version: 1 },
    data: DATA,
    method: [{ name: "lora", options: { rank: setting + 1, epochs: EPOCHS, learningRate: 1e-3 } }],
    seed,
    training: { ...trainingDefaults, epochs: EPOCHS },
    device: "cpu",
    precision: "float32",
  };
}

function taskOf(test: string): RunRecord["task"] {
  return {
    labels: ["no", "yes"],
    labelling: "invented",
    licence: "none",
    citation: "invented",
    source: [{ path: "invented.json", sha256: "ab".repeat(32) }],
    splits: {
      train: { size: DATA.train, sha256: "01".repeat(32) },
      validation: { size: DATA.validation, sha256: "02".repeat(32) },
      test: { size: DATA.test, sha256: test },
    },
  };
}

function scoresOf(predictions: readonly { label: number; predicted: number }[]): Scores {
  const truth = predictions.map(({ label }) => label);
  const predicted = predictions.map(({ predicted }) => predicted);
  return Object.fromEntries(
    ["accuracy", "macro_f1"].map((name) => [name, metrics[name].compute(truth, predicted)]),
  );
}

/** A record that agrees with itself, of a run with an accuracy about 0.8. */
function inventRecord(task: number, setting: number, seed: number): RunRecord {
  const spec = specOf(task, setting, seed);
  const random = new Random(seed, `invent/${task}/${setting}`);
  // The examples of a seed are the same for every method.
  const predictions = Array.from({ length: DATA.test }, (_, at) => {
    const label = at % 2;
    return { id: `${task}-${seed * 7 + at}`, label, predicted: random.uniform() < 0.8 ? label : 1 - label };
  });
  const test = scoresOf(predictions);
  const validation = Array.from({ length: EPOCHS }, () => ({ accuracy: random.uniform(), macro_f1: random.uniform() }));
  const part = Math.round(1e6 * random.uniform());
  const amount = { value: part };
  return {
    version: RECORD_VERSION,
    id: runId(spec),
    setting: settingId(spec),
    spec,
    task: taskOf(hashExamples(predictions)),
    model: { sha256: "cd".repeat(32), licence: "none", citation: "invented", parameters: 7_000_000 },
    metrics: ["accuracy", "macro_f1"].map((name) => ({ name, unit: "fraction", direction: "higher" })),
    scores: {
      validation: validation[0],
      test,
      majority: scoresOf(predictions.map(({ label }) => ({ label, predicted: 0 }))),
    },
    bestEpoch: 1,
    curve: { stepLoss: Array.from({ length: STEPS }, () => random.uniform()), validation },
    predictions,
    parameters: { trainable: part + 1026, method: part, head: 1026, storedBytes: 4 * (part + 1026) },
    memory: {
      peak: amount,
      training: amount,
      planned: {
        weights: 1,
        parameters: part,
        gradients: 1,
        optimiser: 1,
        activations: 1,
        runtime: 1,
        total: part + 5,
      },
    },
    flops: { inference: [1, part, 1], backbone: [1, 1, 1], training: [1, part, 1] },
    time: {
      trainSeconds: 1 + random.uniform(),
      compileSeconds: 1,
      evaluateSeconds: 1,
      examplesPerSecond: part,
      tokensPerSecond: amount,
      padding: { value: random.uniform() },
    },
    checks: {
      integrity: [{ name: "frozen weights", detail: "invented" }],
      flags: [{ name: "score at majority", raised: false, detail: "invented" }],
    },
    environment: { ...ENVIRONMENT, started: new Date(1e12 + 1e4 * (1e4 * task + 100 * setting + seed)).toISOString() },
  };
}

/** Writes the records of a study into a results folder. */
export async function inventRecords(folder: string, { tasks, settings, seeds }: StudySize): Promise<void> {
  await Deno.mkdir(`${folder}/runs`, { recursive: true });
  for (let task = 0; task < tasks; task++) {
    for (let setting = 0; setting < settings; setting++) {
      for (let seed = 0; seed < seeds; seed++) {
        const record = inventRecord(task, setting, seed);
        await Deno.writeTextFile(`${folder}/runs/${record.id}.json`, JSON.stringify(record));
      }
    }
  }
}
