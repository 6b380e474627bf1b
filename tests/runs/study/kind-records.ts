/**
 * Records of each kind of task besides plain classification and generation.
 * @module
 */
import { hashExamples } from "../../../runs/study/check-record.ts";
import type { Prediction, RunRecord } from "../../../runs/study/record.ts";
import { makeRecord } from "../../reports/record-factory.ts";

/** A record of regression: three numbers; always answering 2 has an error of 1.25. */
export function estimated(): RunRecord {
  const predictions: Prediction[] = [
    { id: "a", target: 1, predicted: 1.5 },
    { id: "b", target: 2, predicted: 2.5 },
    { id: "c", target: 3, predicted: 2.5 },
    { id: "d", target: 0.5, predicted: 0.5 },
  ];
  return ofKind(makeRecord(), {
    predictions,
    labels: [],
    metric: { name: "mse", unit: "error", direction: "lower" },
    test: 0.1875,
    majority: 1.0625,
    rest: { baseline: 2 },
  });
}

/** A record of several labels at once: two of four answers are right in every label. */
export function labelled(): RunRecord {
  const predictions: Prediction[] = [
    { id: "a", labels: [0, 2], predicted: [0, 2] },
    { id: "b", labels: [], predicted: [] },
    { id: "c", labels: [1], predicted: [] },
    { id: "d", labels: [0], predicted: [0, 1] },
  ];
  return ofKind(makeRecord(), {
    predictions,
    labels: ["x", "y", "z"],
    metric: { name: "exact_match", unit: "fraction", direction: "higher" },
    test: 0.5,
    majority: 0.25,
    rest: { baseline: [0], threshold: 0.4 },
  });
}

function ofKind(record: RunRecord, { predictions, labels, metric, test, majority, rest }: {
  predictions: Prediction[];
  labels: string[];
  metric: RunRecord["metrics"][number];
  test: number;
  majority: number;
  rest: Partial<RunRecord>;
}): RunRecord {
  record.task.labels = labels;
  record.task.splits.test = { size: predictions.length, sha256: hashExamples(predictions) };
  record.metrics = [metric];
  record.scores = {
    validation: { [metric.name]: 0.5 },
    test: { [metric.name]: test },
    majority: { [metric.name]: majority },
  };
  record.curve.validation = Array.from({ length: 4 }, () => ({ [metric.name]: 0.5 }));
  return { ...record, predictions, ...rest };
}

/** A record of multiple choice: two of three choices are right; the first choice alone is once. */
export function chosen(): RunRecord {
  const choices = ["x", "y", "z"];
  const predictions: Prediction[] = [
    { id: "a", choices, right: [0, 2], predicted: 2 },
    { id: "b", choices: ["x", "y"], right: [1], predicted: 1 },
    { id: "c", choices, right: [2], predicted: 0 },
  ];
  return ofKind(makeRecord(), {
    predictions,
    labels: [],
    metric: { name: "accuracy", unit: "fraction", direction: "higher" },
    test: 2 / 3,
    majority: 2 / 3,
    rest: { baseline: 2 },
  });
}

/** A record of answers to two questions, of which all to the first are right. */
export function grouped(): RunRecord {
  const groups = ["x", "x", "y", "y"];
  const predictions = groups.map((group, at) => ({ id: `${at}`, label: at % 2, predicted: at % 3 % 2, group }));
  return ofKind(makeRecord(), {
    predictions,
    labels: ["no", "yes"],
    metric: { name: "exact_match", unit: "fraction", direction: "higher" },
    test: 0.5,
    majority: 0,
    rest: {},
  });
}
