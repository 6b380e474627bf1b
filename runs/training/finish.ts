/**
 * Everything of a cell after its last step: test scores, checks, the adapter, the result.
 * @module
 */
import { sizeOf } from "../../base/shapes.ts";
import { countFlops } from "../../engine/graph/flops.ts";
import type { Backbone, Model } from "../../models/types.ts";
import { noteOf } from "../adapters/note.ts";
import { noteTexts } from "../adapters/seen-texts.ts";
import { writeAdapter } from "../adapters/write.ts";
import type { SignedProgram } from "../programs/classifier.ts";
import type { CellResult } from "../study/cell.ts";
import { knownScores, type Measured, type RunPart, type RunRecord } from "../study/record.ts";
import { runId, type RunSpec } from "../study/spec.ts";
import type { CellOptions } from "./cell-runner.ts";
import { partsOf } from "./checkpoints/checkpoints.ts";
import { flagOtherData, flagUnknownTexts, raiseFlags } from "./integrity.ts";
import { hashFrozen, type OpenCell, type PreparedCell } from "./prepare.ts";
import { splitRecord, textHash } from "./split.ts";
import type { TrainedCell } from "./train.ts";
import type { Evaluation, TrainingTask } from "./training-task.ts";

/**
 * Scores the best epoch on the test examples, checks the run and writes its adapter.
 * @throws {Error} if an integrity check fails
 */
export async function finishCell(
  prepared: PreparedCell,
  trained: TrainedCell,
  { out, keep, checkpoint }: CellOptions,
): Promise<CellResult> {
  const { trainingTask, integrity, seconds, evaluator, frozenSha256 } = prepared;
  const { adaptation, backbone } = trainingTask;
  const finite = Object.values(trained.parameters).every((values) => values.every(Number.isFinite));
  integrity.check("finite values", finite, "losses, logits and trained parameters are finite numbers");
  const test = await seconds.measure("evaluate", () => evaluator.evaluate("test", trained.parameters));
  await evaluator.release();
  const frozenAfter = await hashFrozen(trainingTask);
  integrity.check("frozen weights", frozenSha256 === frozenAfter, `SHA-256 ${frozenAfter} before and after`);
  // A fully trained model is as large as the backbone, so it is stored only on request.
  if (keep || adaptation.trains.length < Object.keys(backbone.weights).length) {
    await storeAdapter(prepared, trained, out);
  }
  const parts = checkpoint && trained.parts.length > 0 ? partsOf(trained, prepared, checkpoint) : undefined;
  return assembleResult(prepared, trained, test, parts);
}

async function storeAdapter(
  { spec, task, trainingTask, seen }: PreparedCell,
  { parameters }: TrainedCell,
  out: string,
): Promise<void> {
  const tensors = trainingTask.parameters.map(({ name, shape }) => [name, { shape, data: parameters[name] }] as const);
  const { train, validation } = trainingTask.splits;
  const texts = noteTexts(seen, [...train, ...validation].map(textHash));
  await writeAdapter(
    `${out}/adapters/${runId(spec)}`,
    trainingTask.adaptation,
    Object.fromEntries(tensors),
    trainingTask.head.map(({ name }) => name),
    { peft: trainingTask.peftConfig, note: noteOf(spec, task, texts) },
  );
}

function assembleResult(
  prepared: PreparedCell,
  { course, validation, bestEpoch }: TrainedCell,
  test: Evaluation,
  parts: RunPart[] | undefined,
): CellResult {
  const { spec, task, model, trainingTask, parameters, planned, integrity, seconds, sizes, seen } = prepared;
  const { backbone, metrics, majority, trainExamples, featureCache } = trainingTask;
  const primary = metrics[0].name;
  return {
    task: describeTask(prepared),
    model: describeModel(model, backbone),
    metrics: metrics.map(({ name, unit, direction }) => ({ name, unit, direction })),
    scores: { validation: validation[bestEpoch - 1], test: test.scores, majority },
    bestEpoch,
    curve: { stepLoss: course.stepLoss, validation },
    predictions: test.predictions,
    parameters,
    planned,
    ...flopsOf(trainingTask, spec.training.batchSize),
    time: {
      trainSeconds: course.seconds,
      compileSeconds: seconds.compile,
      evaluateSeconds: seconds.evaluate,
      examplesPerSecond: validation.length * trainExamples.lengths.length / course.seconds,
      ...describeReading(course, featureCache !== undefined),
      ...parts && { parts },
    },
    checks: {
      integrity: integrity.passed,
      flags: [
        ...raiseFlags(course.stepLoss, test.scores[primary], knownScores(majority)?.[primary]),
        ...spec.from || !seen.complete ? [flagUnknownTexts(seen)] : [],
        ...task.published ? [flagOtherData(sizes, task.published)] : [],
      ],
    },
  };
}

/** FLOPs of training and inference; nothing where they are no quadratic functions of the length. */
export function flopsOf({ loss, inference }: TrainingTask, batchSize: number): Pick<RunRecord, "flops"> {
  const answering = ({ program, signature }: SignedProgram) => countFlops(program, signature, false, 1);
  const [ofMethod, ofBackbone] = [answering(inference.adapted), answering(inference.backbone)];
  const training = countFlops(loss.program, loss.signature, true, batchSize);
  if (!ofMethod || !ofBackbone || !training) return {};
  return { flops: { inference: ofMethod, backbone: ofBackbone, training } };
}

function describeTask({ spec, task, trainingTask: { splits } }: OpenCell): RunRecord["task"] {
  const userFiles = Object.entries(spec.task.files ?? {});
  return {
    labels: task.kind === "classification" ? [...task.labels] : [],
    labelling: task.labelling,
    licence: task.licence,
    citation: task.citation,
    source: [
      ...task.source.map(({ path, sha256 }) => ({ path, sha256 })),
      ...userFiles.map(([path, sha256]) => ({ path: originOf(spec.task, path), sha256 })),
    ],
    splits: {
      train: splitRecord(splits.train),
      validation: splitRecord(splits.validation),
      test: splitRecord(splits.test),
    },
  };
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
  { tokens, padding, seconds }: TrainedCell["course"],
  cached: boolean,
): Pick<RunRecord["time"], "tokensPerSecond" | "padding"> {
  if (cached) {
    const unread: Measured = { value: null, reason: "features were computed once, training read no texts" };
    return { tokensPerSecond: unread, padding: unread };
  }
  return { tokensPerSecond: { value: tokens / seconds }, padding: { value: padding / (tokens + padding) } };
}
