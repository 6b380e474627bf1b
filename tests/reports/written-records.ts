/**
 * Records of a method that trains nothing, with three templates and two seeds each.
 * @module
 */
import { runId, type RunRecord, settingId } from "../../runs/study/record.ts";
import { makeRecord } from "./record-factory.ts";

/** Scores of the two seeds by template. */
export const writtenScores: Record<string, [number, number]> = {
  "{text} It was {answer}.": [0.8, 0.7],
  "{text} | a {answer} one": [0.6, 0.6],
  "{text} All in all {answer}.": [0.9, 0.9],
};

/** The record of a seed with a template. */
function writtenRecord(template: string, seed: number, accuracy: number): RunRecord {
  const { spec, ...record } = makeRecord({ method: "hand-written", seed, accuracy, options: {} });
  const { headLearningRate: _, ...training } = spec.training;
  const written = {
    ...spec,
    head: { template, words: [["terrible"], ["great"]] },
    training: { ...training, epochs: 0 },
  };
  const curve = { stepLoss: [], validation: [] };
  return { ...record, spec: written, curve, bestEpoch: 0, id: runId(written), setting: settingId(written) };
}

/** The records. */
export const writtenRecords: RunRecord[] = Object.entries(writtenScores).flatMap(([template, scores]) =>
  scores.map((accuracy, seed) => writtenRecord(template, seed, accuracy))
);
