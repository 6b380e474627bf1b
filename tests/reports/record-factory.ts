/**
 * Records for tests of reports.
 * @module
 */
import { hashExamples } from "../../runs/study/check-record.ts";
import { type Prediction, RECORD_VERSION, type RunRecord } from "../../runs/study/record.ts";
import { runId, type RunSpec, settingId } from "../../runs/study/spec.ts";

/** What a test may choose of a record. */
export interface RecordChoice {
  /** "lora+prompt-tuning". */
  method?: string;
  /** Options of each part. */
  options?: Record<string, unknown>;
  seed?: number;
  /** Test accuracy. */
  accuracy?: number;
  task?: string;
  model?: string;
  revision?: string;
  train?: number;
  /** Changes the record in place, spec excluded. */
  change?: (record: RunRecord) => void;
}

/** A valid record of an invented run. */
export function makeRecord(choice: RecordChoice = {}): RunRecord {
  const { seed = 0, accuracy = 0.8, change = () => {} } = choice;
  const spec = makeSpec(choice);
  const scores = { "accuracy": accuracy, "matthews": 2 * accuracy - 1 };
  const predictions = makePredictions(accuracy);
  const record: RunRecord = {
    version: RECORD_VERSION,
    id: runId(spec),
    setting: settingId(spec),
    spec,
    task: makeTask(spec.data.train, predictions),
    model: { sha256: "cd".repeat(32), licence: "Apache-2.0", citation: "Cer et al. (2018).", parameters: 1_000_000 },
    metrics: [
      { name: "accuracy", unit: "fraction", direction: "higher" },
      { name: "matthews", unit: "correlation", direction: "higher" },
    ],
    scores: { validation: { ...scores }, test: { ...scores }, majority: { accuracy: 0.5, matthews: 0 } },
    bestEpoch: 3,
    curve: { stepLoss: [0.7, 0.5], validation: Array.from({ length: 4 }, () => ({ ...scores })) },
    predictions,
    ...makeCosts(),
    checks: {
      integrity: [{ name: "frozen weights", detail: "unchanged" }],
      flags: [{ name: "at majority", raised: false, detail: "" }],
    },
    environment: makeEnvironment(seed),
  };
  change(record);
  return record;
}

/** Predictions for 200 examples of each of two classes, equally often right. */
function makePredictions(accuracy: number): Prediction[] {
  return Array.from({ length: 400 }, (_, at) => {
    const label = at % 2;
    return { id: String(at), label, predicted: at < Math.round(400 * accuracy) ? label : 1 - label };
  });
}

function makeSpec(choice: RecordChoice): RunSpec {
  const { method = "lora", options = { learningRate: 0.001, epochs: 4 }, seed = 0 } = choice;
  const { task = "sentiment/amazon", model = "use-lite", revision = "0.2.0", train = 300 } = choice;
  return {
    model: { name: model, revision },
    task: { name: task, version: 1 },
    data: { train, validation: 150, test: 400 },
    method: method.split("+").map((name) => ({ name, options })),
    seed,
    training: {
      epochs: 4,
      batchSize: 16,
      headLearningRate: 0.003,
      weightDecay: 0.01,
      warmup: 0.06,
      clip: 1,
      maxLength: 64,
      microBatchRows: 512,
    },
    device: "cpu",
    precision: "float32",
  };
}

function makeTask(train: number, predictions: Prediction[]): RunRecord["task"] {
  return {
    labels: ["negative", "positive"],
    labelling: "by hand",
    licence: "CC BY 4.0",
    citation: "Kotzias et al. (2015). From Group to Individual Labels using Deep Features.",
    source: [{ path: "sentiment/amazon.json", sha256: "ab".repeat(32) }],
    splits: {
      train: { size: train, sha256: "01".repeat(32) },
      validation: { size: 150, sha256: "02".repeat(32) },
      test: { size: predictions.length, sha256: hashExamples(predictions as { id: string; label: number }[]) },
    },
  };
}

function makeCosts(): Pick<RunRecord, "parameters" | "memory" | "time"> {
  const MEBIBYTE = 1024 ** 2;
  const split = { weights: 1, parameters: 2, gradients: 3, optimiser: 4, activations: 5, runtime: 6 };
  return {
    parameters: { trainable: 25_602, method: 24_576, head: 1026, storedBytes: 102_408 },
    memory: {
      peak: { value: 300 * MEBIBYTE },
      training: { value: 100 * MEBIBYTE },
      planned: { ...split, total: 120 * MEBIBYTE },
    },
    time: {
      trainSeconds: 2.5,
      compileSeconds: 1,
      evaluateSeconds: 1,
      examplesPerSecond: 480,
      tokensPerSecond: { value: 4800 },
      padding: { value: 0.125 },
    },
  };
}

function makeEnvironment(seed: number): RunRecord["environment"] {
  return {
    suite: { version: "0.1.0", commit: "0123abcd", dirty: false, lockSha256: "ef".repeat(32) },
    versions: { deno: "2.9.6", "onnxruntime-node": "1.30.0" },
    os: "linux",
    arch: "x86_64",
    processor: "Some CPU",
    cores: 2,
    memoryBytes: 8 * 1024 ** 3,
    threads: 2,
    device: {
      name: "cpu",
      provider: "onnxruntime-node, CPUExecutionProvider",
      hardware: { value: "Some CPU" },
      driver: { value: null, reason: "a processor has no driver" },
    },
    started: `2026-01-01T00:00:0${seed % 10}Z`,
  };
}
