/**
 * Everything of a cell after its last step: test scores, checks, the adapter, the result.
 * @module
 */
import { sizeOf } from "../../base/shapes.ts";
import { countFlops } from "../../engine/graph/flops.ts";
import type { Quadratic } from "../../engine/types.ts";
import { methods } from "../../methods/mod.ts";
import type { Backbone, Model } from "../../models/types.ts";
import { textHash } from "../../tasks/examples.ts";
import { labelsOfTask } from "../../tasks/types.ts";
import { noteOf } from "../adapters/note.ts";
import { noteTexts } from "../adapters/seen-texts.ts";
import { writeAdapter } from "../adapters/write.ts";
import type { SignedProgram } from "../programs/classifier.ts";
import type { CellResult, TrialResult } from "../study/cell.ts";
import type { Measured, RunRecord } from "../study/record.ts";
import { runId, type RunSpec } from "../study/spec.ts";
import type { CellOptions } from "./cell-runner.ts";
import { partsOf } from "./checkpoints/checkpoints.ts";
import { flagLoss, flagOtherData, flagUnknownTexts, raiseFlags } from "./integrity.ts";
import { hashFrozen, isTrainable, type OpenCell, type PreparedCell } from "./prepare.ts";
import { splitRecord } from "./split.ts";
import type { DivergedTrial, TrainedCell } from "./train.ts";
import type { TrainingTask } from "./training-task.ts";

/**
 * Scores the best epoch on the test examples, checks the run and writes its adapter.
 * @throws {Error} if an integrity check fails
 */
export async function finishCell(
  prepared: PreparedCell,
  trained: TrainedCell,
  options: CellOptions,
): Promise<CellResult> {
  const { trainingTask, integrity, seconds, evaluator } = prepared;
  const { adaptation, backbone, majority, baseline } = trainingTask;
  integrity.check("finite values", isFinite(trained), "losses, logits and trained parameters are finite numbers");
  const test = await seconds.measure("evaluate", () => evaluator.evaluate("test", trained.parameters));
  await checkFrozen(prepared);
  // A fully trained model is as large as the backbone, so it is stored only on request.
  const isStored = options.keep || adaptation.trains.length < Object.keys(backbone.weights).length;
  if (isStored && isTrainable(prepared)) {
    await storeAdapter(prepared, trained, options, test.threshold);
  }
  const flags = raiseFlags(trained.course.stepLoss, trainingTask, test.scores);
  const shared = assembleResult(prepared, trained, flags, options);
  const { task, model, metrics: described, bestEpoch, curve, ...rest } = shared;
  return {
    task: { ...task, splits: { ...task.splits, test: splitRecord(trainingTask.splits.test) } },
    model,
    ...papersOf(prepared.spec),
    metrics: described,
    scores: { validation: trained.scores, test: test.scores, majority },
    ...baseline !== undefined && { baseline },
    ...test.threshold !== undefined && { threshold: test.threshold },
    bestEpoch,
    curve,
    predictions: test.predictions,
    ...rest,
  };
}

/**
 * Checks a trial. It has no test score, and nothing of it is stored.
 * @throws {Error} if an integrity check fails
 */
export async function finishTrial(
  prepared: PreparedCell,
  trained: TrainedCell | DivergedTrial,
  options: CellOptions,
): Promise<TrialResult> {
  await checkFrozen(prepared);
  const { course, validation, parts } = trained;
  if ("diverged" in trained || !isFinite(trained)) {
    const reason = "diverged" in trained ? trained.diverged : "a trained parameter is not a finite number";
    const missing = { value: null, reason };
    return {
      ...assembleResult(prepared, { course, validation, parts, bestEpoch: 0 }, [], options),
      scores: { validation: missing },
      loss: missing,
    };
  }
  return {
    ...assembleResult(prepared, trained, flagLoss(course.stepLoss), options),
    scores: { validation: trained.scores },
    loss: trained.loss,
  };
}

function isFinite({ parameters }: TrainedCell): boolean {
  return Object.values(parameters).every((values) => values.every(Number.isFinite));
}

/** Frees what predicts, and makes sure that nothing frozen has changed. */
async function checkFrozen({ evaluator, trainingTask, integrity, frozenSha256 }: PreparedCell): Promise<void> {
  await evaluator.release();
  const frozenAfter = await hashFrozen(trainingTask);
  integrity.check("frozen weights", frozenSha256 === frozenAfter, `SHA-256 ${frozenAfter} before and after`);
}

async function storeAdapter(
  { spec, task, trainingTask, seen }: PreparedCell,
  { parameters }: TrainedCell,
  { out, id = runId(spec) }: CellOptions,
  threshold: number | undefined,
): Promise<void> {
  const tensors = trainingTask.parameters.map(({ name, shape }) => [name, { shape, data: parameters[name] }] as const);
  const { train, validation } = trainingTask.splits;
  const texts = noteTexts(seen, [...train, ...validation].map(textHash));
  await writeAdapter(
    `${out}/adapters/${id}`,
    trainingTask.adaptation,
    Object.fromEntries(tensors),
    trainingTask.head.map(({ name }) => name),
    { peft: trainingTask.peftConfig, note: noteOf(id, spec, task, texts, threshold) },
  );
}

/** What the results of a cell and of a trial have in common. */
function assembleResult(
  prepared: PreparedCell,
  { course, validation, parts, bestEpoch }: Pick<TrainedCell, "course" | "validation" | "parts" | "bestEpoch">,
  flags: RunRecord["checks"]["flags"],
  { checkpoint }: CellOptions,
): Omit<TrialResult, "scores" | "loss"> {
  const { spec, task, model, trainingTask, parameters, planned, integrity, seconds, sizes, seen } = prepared;
  const { backbone, metrics, featureCache } = trainingTask;
  return {
    task: describeTask(prepared),
    model: describeModel(model, backbone),
    metrics: metrics.map(({ name, unit, direction }) => ({ name, unit, direction })),
    bestEpoch,
    curve: { stepLoss: course.stepLoss, validation },
    parameters,
    planned,
    ...flopsOf(trainingTask, spec.training.batchSize),
    time: {
      trainSeconds: course.seconds,
      compileSeconds: seconds.compile,
      evaluateSeconds: seconds.evaluate,
      ...describeReading(prepared, course, featureCache !== undefined),
      ...checkpoint && parts.length > 0 && { parts: partsOf({ course, parts }, prepared, checkpoint) },
    },
    checks: {
      integrity: integrity.passed,
      flags: [
        ...flags,
        ...spec.from || !seen.complete ? [flagUnknownTexts(seen)] : [],
        ...task.published ? [flagOtherData(sizes, task.published)] : [],
      ],
    },
  };
}

/** FLOPs of a training step where nothing is trained. */
const NO_FLOPS: Quadratic = [0, 0, 0];

/** FLOPs of answering a text by programs one after the other; null where one has no quadratic function of the length. */
function answeringFlops(programs: readonly SignedProgram[]): Quadratic | null {
  const counted = programs.map(({ program, signature }) => countFlops(program, signature, false, 1));
  const add = (a: Quadratic | null, b: Quadratic | null): Quadratic | null =>
    a && b && [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
  return counted.reduce(add);
}

/** FLOPs of training and inference; nothing where they are no quadratic functions of the length. */
export function flopsOf({ loss, inference, parameters }: TrainingTask, batchSize: number): Pick<RunRecord, "flops"> {
  const [ofMethod, ofBackbone] = [answeringFlops(inference.adapted), answeringFlops(inference.backbone)];
  const training = parameters.length === 0 ? NO_FLOPS : countFlops(loss.program, loss.signature, true, batchSize);
  if (!ofMethod || !ofBackbone || !training) return {};
  return { flops: { inference: ofMethod, backbone: ofBackbone, training } };
}

function describeTask({ spec, task, trainingTask: { splits } }: OpenCell): TrialResult["task"] {
  // The sources of a described task are its files.
  const userFiles = spec.task.described ? [] : Object.entries(spec.task.files ?? {});
  return {
    labels: [...labelsOfTask(task)],
    labelling: task.labelling,
    licence: task.licence,
    citation: task.citation,
    source: [
      ...task.source.map(({ path, sha256 }) => ({ path: originOf(spec.task, path), sha256 })),
      ...userFiles.map(([path, sha256]) => ({ path: originOf(spec.task, path), sha256 })),
    ],
    ...task.rule !== undefined && { rule: task.rule },
    splits: {
      train: splitRecord(splits.train),
      validation: splitRecord(splits.validation),
    },
  };
}

/** The papers of methods from plug-ins, which whoever reads the record may not have. */
function papersOf({ method }: RunSpec): Pick<RunRecord, "papers"> {
  const own = method.filter(({ plugin }) => plugin !== undefined).map(({ name }) => [name, methods[name].paper]);
  return own.length === 0 ? {} : { papers: Object.fromEntries(own) };
}

/** Where a task's file comes from: its name, after the data set's if it is one of the hub. */
function originOf({ dataset }: RunSpec["task"], path: string): string {
  return dataset ? `${dataset.name}@${dataset.revision}/${path}` : path;
}

function describeModel({ licence, citation }: Model, backbone: Backbone): RunRecord["model"] {
  const parameters = Object.values(backbone.weights).reduce((sum, shape) => sum + sizeOf(shape), 0);
  return { sha256: backbone.sha256, licence, citation, parameters };
}

function describeReading(
  { spec, trainingTask: { trainExamples } }: PreparedCell,
  { stepLoss, tokens, padding, seconds }: TrainedCell["course"],
  cached: boolean,
): Pick<RunRecord["time"], "examplesPerSecond" | "tokensPerSecond" | "padding"> {
  const { length } = trainExamples.lengths;
  const epochs = stepLoss.length / Math.ceil(length / spec.training.batchSize);
  const examplesPerSecond = epochs === 0 ? 0 : epochs * length / seconds;
  if (cached) {
    const unread: Measured = { value: null, reason: "features were computed once, training read no texts" };
    return { examplesPerSecond, tokensPerSecond: unread, padding: unread };
  }
  if (epochs === 0) {
    const ended = spec.training.epochs === 0 ? "nothing was trained" : "training ended in its first step";
    const none: Measured = { value: null, reason: ended };
    // Some tokens of a step that was not finished have been read.
    return {
      examplesPerSecond,
      tokensPerSecond: none,
      padding: tokens === 0 ? none : { value: padding / (tokens + padding) },
    };
  }
  const tokensPerSecond: Measured = { value: tokens / seconds };
  return { examplesPerSecond, tokensPerSecond, padding: { value: padding / (tokens + padding) } };
}
