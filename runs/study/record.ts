/**
 * The record of a run: one JSON document, written once, never edited. Reports are made from records alone.
 * @module
 */
import { z } from "zod";
import { describeFault } from "../../base/schema.ts";
import type { Known, MemoryPlan, Quadratic } from "../../engine/types.ts";
import { RECORD_VERSION, recordShape } from "./schemas/record-schema.ts";
import type { MetricUnit } from "../../tasks/types.ts";
import type { RunSpec } from "./spec.ts";
import type { TunedRecord } from "./tuning/tuned-record.ts";

export { RECORD_VERSION };
export type { MetricUnit };
export { canonical, identifyModel, identifyTask, methodName, runId, settingId } from "./spec.ts";

/** A measured number, or null with the reason why it was not measured. */
export type Measured = Known<number>;

/** Scores by the metric's name. */
export type Scores = Record<string, number>;

/** Missing scores, with the reason. */
export interface NoScores {
  /** Always null. */
  value: null;
  /** Why. */
  reason: string;
}

/** The scores, or null if they are missing. */
export function knownScores(scores: Scores | NoScores): Scores | null {
  return scores.value === null ? null : scores as Scores;
}

/** The loss of an example's references; records of earlier versions have none. */
export interface ReferenceLoss {
  /** Sum of the losses of all tokens of the references, each after the text, in nats. */
  loss: number;
  /** Number of these tokens: end tokens count, and at most `outputLength` tokens of a reference. */
  tokens: number;
}

/**
 * A prediction for a test example: of its class, its number, its labels (indices in ascending order), the place of one of its choices, or a
 * text. `right`: places of the right choices, in ascending order. `group`: a checksum of
 * what the example has in common with others, where a metric scores groups.
 */
export type Prediction =
  | { id: string; label: number; predicted: number; group?: string }
  | { id: string; target: number; predicted: number }
  | { id: string; labels: readonly number[]; predicted: readonly number[] }
  | { id: string; choices: readonly string[]; right: readonly number[]; predicted: number }
  | ({ id: string; references: readonly string[]; predicted: string } & Partial<ReferenceLoss>);

/** The examples of a split. */
export interface SplitRecord {
  /** Number of examples. */
  size: number;
  /** SHA-256 over the examples' ids and, if they have any, labels or numbers, in order. */
  sha256: string;
}

/** Where a run took place. */
export interface Environment {
  /** TuneBench: version, git commit and whether tracked files differ from it (both null without git), SHA-256 of the lock file. */
  suite: { version: string; commit: string | null; dirty: boolean | null; lockSha256: string };
  /** Versions of runtimes and libraries. */
  versions: Record<string, string>;
  /** Operating system. */
  os: string;
  /** Processor architecture. */
  arch: string;
  /** Processor model. */
  processor: string;
  /** Processor cores. */
  cores: number;
  /** Memory of the machine. */
  memoryBytes: number;
  /** Threads of this run. */
  threads: number;
  /** The device, as the platform describes it. */
  device: { name: string; provider: string; hardware: Known<string>; driver: Known<string> };
  /** When the run started, in ISO 8601. */
  started: string;
}

/** A part of a run that was interrupted. */
export interface RunPart {
  /** When it started, in ISO 8601. */
  started: string;
  /** Its share of the run's seconds; what was lost, as it was not saved, is not counted. */
  seconds: number;
}

/** The record of a run. */
export interface RunRecord {
  /** Version of the record's form. */
  version: typeof RECORD_VERSION;
  /** First 16 hex digits of the SHA-256 of the canonical spec, without the name of a model's folder. */
  id: string;
  /** First 16 hex digits of the SHA-256 of the canonical spec without its seed. */
  setting: string;
  /** Everything that determined the result. */
  spec: RunSpec;
  /** How it was tuned; left out without tuning. */
  tuning?: TunedRecord;
  /**
   * The task, as it was then. `labels` are the names of the classes or labels; none if answers are numbers, texts or choices. `rule`: how its
   * splits are made of the published ones; left out where these are used as they are, or none are published.
   */
  task: {
    labels: string[];
    labelling: string;
    licence: string;
    citation: string;
    source: { path: string; sha256: string }[];
    rule?: string;
    splits: { train: SplitRecord; validation: SplitRecord; test: SplitRecord };
  };
  /** The backbone; `parameters` is its number of weights. */
  model: { sha256: string; licence: string; citation: string; parameters: number };
  /** Of methods from plug-ins, their papers by name; left out if there is no such method. */
  papers?: Record<string, string>;
  /** The task's metrics; the first one chooses the epoch. */
  metrics: { name: string; unit: MetricUnit; direction: "higher" | "lower" }[];
  /**
   * `majority`: test scores of always predicting the most frequent class or set of labels of the training examples, their mean, or the place
   * at which a right choice stands most often.
   */
  scores: { validation: Scores; test: Scores; majority: Scores | NoScores };
  /** What `majority` always predicts, if that is a number, a set of labels or the place of a choice; left out otherwise. */
  baseline?: number | readonly number[];
  /** The probability from which a label is predicted, the best on the validation examples; left out unless there are several labels at once. */
  threshold?: number;
  /** Epoch whose parameters were kept, counted from 1 (0: the start): the first with the best validation score. */
  bestEpoch: number;
  /** Mean training loss of each step; validation scores after each epoch. */
  curve: { stepLoss: number[]; validation: Scores[] };
  /** Test predictions of the kept epoch. */
  predictions: Prediction[];
  /**
   * Numbers of trained values. `storedBytes`: size of the tensors in adapter_model.safetensors, the classifier included; an
   * encoder, which only training needs, is not counted. `frozen`: number of values that the method adds, draws from a seed
   * and does not train; left out if there are none.
   */
  parameters: { trainable: number; method: number; head: number; frozen?: number; storedBytes: number };
  /**
   * In bytes. `peak`: greatest resident memory of the worker process. `training`: the peak less the resident memory before
   * the training graph was compiled, which shows what the method costs. `planned`: computed from the traced graph.
   */
  memory: { peak: Measured; training: Measured; planned: MemoryPlan };
  /**
   * FLOPs of matrix products by the number n of a text's tokens, as coefficients of 1, n and n². `inference`: of answering
   * a text, what can be folded into the weights folded; a language model reads the text and scores the next token.
   * `backbone`: of the same without the method. `training`: of a training step, `batchSize` texts of n tokens each, in an
   * encoder-decoder n read and n written, of texts that are learnt every token. Left out of records of earlier versions, and
   * where it is no quadratic function.
   */
  flops?: { inference: Quadratic; backbone: Quadratic; training: Quadratic };
  /**
   * In seconds. `trainSeconds`: the training steps alone; examples and tokens a second refer to it. `padding`: share of the
   * positions computed in training that held no token. Virtual tokens do not count as tokens. `parts`: of a run that was
   * interrupted and went on from a checkpoint, its parts; the other seconds are sums over them, memory is that of the last.
   */
  time: {
    trainSeconds: number;
    compileSeconds: number;
    evaluateSeconds: number;
    examplesPerSecond: number;
    tokensPerSecond: Measured;
    padding: Measured;
    parts?: RunPart[];
  };
  /** `integrity`: checks that all passed, else the run would have failed. `flags`: doubts; those raised are reported beside the score. */
  checks: {
    integrity: { name: string; detail: string }[];
    flags: { name: string; raised: boolean; detail: string }[];
  };
  /** Where it ran. */
  environment: Environment;
}

/** A record without its predictions, which are most of it. */
export type RunSummary = Omit<RunRecord, "predictions">;

const recordSchema = (z.strictObject(recordShape) as unknown as z.ZodType<RunRecord>).refine(
  ({ metrics, scores }) =>
    metrics.every(({ name }) =>
      Object.values(scores).map(knownScores).every((known) => known === null || Object.hasOwn(known, name))
    ),
  "every metric must have a validation, a test and a majority score",
);

/** A value that holds a record. @throws {Error} what is wrong, if it holds none */
export function parseRecord(value: unknown): RunRecord {
  const result = recordSchema.safeParse(value);
  if (result.success) return result.data;
  throw new Error(describeFault(result.error, value));
}
