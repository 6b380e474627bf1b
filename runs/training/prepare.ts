/**
 * Everything of a cell before its first step: opening what the spec names, checks, start values, compiled programs.
 * @module
 */
import { seeded } from "../../methods/shared/options.ts";
import { lookUp } from "../../base/errors.ts";
import { sizeOf } from "../../base/shapes.ts";
import { devices } from "../../engine/devices/mod.ts";
import { collectGarbage } from "../../engine/garbage.ts";
import type { Device, MemoryPlan, Training } from "../../engine/types.ts";
import { methods } from "../../methods/mod.ts";
import type { CommonOptions } from "../../methods/types.ts";
import type { Model } from "../../models/types.ts";
import type { AnyTask } from "../../tasks/types.ts";
import type { SeenTexts } from "../adapters/seen-texts.ts";
import { readStart } from "../adapters/start-from.ts";
import type { SignedProgram } from "../programs/classifier.ts";
import type { LocalPaths } from "../study/cell.ts";
import { openBackbone } from "../study/find-model.ts";
import { taskOfSpec } from "../study/find-task.ts";
import type { RunRecord } from "../study/record.ts";
import type { RunSpec } from "../study/spec.ts";
import type { CellOptions } from "./cell-runner.ts";
import { readTask, seenBefore } from "./heads/read-task.ts";
import { countKnown, countLeaks, hashStored, Integrity } from "./integrity.ts";
import { markBeforeTraining } from "./memory.ts";
import { freeMemory, leastMemory, planStepMemory, programBytes, requireMemory } from "./plan-memory.ts";
import type { AlterSplits } from "./split.ts";
import type { CompileProgram, Evaluator, FeatureCache, TrainingTask } from "./training-task.ts";

/** Greatest difference between two outputs before the first step that rounding explains. */
const IDENTITY_TOLERANCE = 1e-4;

/** What a spec names, opened. */
export interface OpenCell {
  /** What decides the result. */
  spec: RunSpec;
  /** Where programs run. */
  device: Device;
  /** The task. */
  task: AnyTask;
  /** Where the backbone comes from. */
  model: Model;
  /** The task on the backbone with the method. */
  trainingTask: TrainingTask;
  /** Number of examples of each split, or of the pool, that the task has. */
  sizes: Record<string, number>;
  /** The texts that training starts from knowledge of: an adapter's, or those of one that was folded into the model. */
  seen: SeenTexts;
}

/** A cell that is ready for its first step. */
export interface PreparedCell extends OpenCell {
  /** Numbers of trained values. */
  parameters: RunRecord["parameters"];
  /** Planned memory of a training step. */
  planned: MemoryPlan;
  /** The checks so far. */
  integrity: Integrity;
  /** Seconds so far. */
  seconds: Stopwatch;
  /** SHA-256 of the frozen weights before training. */
  frozenSha256: string;
  /** The programs that predict. */
  evaluator: Evaluator;
  /** The training program, its parameters at their start values; absent where nothing is trained. */
  training?: Training;
}

/** A cell that trains something. */
export type TrainableCell = PreparedCell & Required<Pick<PreparedCell, "training">>;

/** Whether a cell trains something. */
export function isTrainable(cell: PreparedCell): cell is TrainableCell {
  return cell.training !== undefined;
}

/** Adds up the seconds that compiling and evaluating take. */
export class Stopwatch {
  /** Seconds spent on compiling. */
  compile = 0;
  /** Seconds spent on evaluating. */
  evaluate = 0;

  /** Does a piece of work and adds its time. */
  async measure<T>(kind: "compile" | "evaluate", work: () => Promise<T>): Promise<T> {
    const begun = performance.now();
    const result = await work();
    this[kind] += (performance.now() - begun) / 1000;
    return result;
  }
}

/**
 * Opens what a spec names.
 * @param alter changes the examples, where they are to be wrong
 * @param open opens the model
 * @throws {Error} if there is no such thing, or if the data cannot be split as the spec wants
 */
export async function openCell(
  spec: RunSpec,
  paths: LocalPaths,
  threads: number,
  alter?: AlterSplits,
  open: typeof openBackbone = openBackbone,
): Promise<OpenCell> {
  const task = taskOfSpec(spec.task, paths.tables);
  const parts = spec.method.map((part) => {
    const { name, options } = seeded(part, spec.seed);
    return { method: lookUp("method", methods, name), options: options as Record<string, unknown> & CommonOptions };
  });
  const seen = await seenBefore(spec, paths);
  const [{ model, backbone }, { makeTrainingTask, sizes }] = await Promise.all([
    open(spec.model, paths.folder),
    readTask(task, spec, seen, paths, alter),
  ]);
  const trainingTask = await makeTrainingTask({ spec, backbone, parts, threads });
  return { spec, device: lookUp("device", devices, spec.device), task, model, trainingTask, sizes, seen };
}

/** Numbers of trained values and of added ones that are not trained, and the bytes of what is stored. */
export function countParameters({ parameters, head, adaptation }: TrainingTask): RunRecord["parameters"] {
  const count = (tensors: TrainingTask["parameters"]) => tensors.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const trainable = count(parameters);
  const ofHead = count(head);
  const frozen = adaptation.frozen.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  return {
    trainable,
    method: trainable - ofHead,
    head: ofHead,
    ...frozen > 0 && { frozen },
    storedBytes: 4 * (adaptation.storedCount + ofHead),
  };
}

/**
 * Checks a cell and compiles its programs. The memory of training is counted from a mark that is set here: after the
 * weights are in memory, before the training program is compiled.
 * @throws {Error} if an integrity check fails, or if a training step does not fit into free memory
 */
export async function prepareCell(cell: OpenCell, options: CellOptions): Promise<PreparedCell> {
  const { spec, device, trainingTask } = cell;
  const { featureCache, loss } = trainingTask;
  const integrity = new Integrity();
  const seconds = new Stopwatch();
  const compileOptions = { threads: options.threads, small: spec.memory === "small", precision: spec.precision };
  const compile: CompileProgram = ({ program, signature }, small) => {
    return seconds.measure(
      "compile",
      () => device.compile(program, signature, { ...compileOptions, ...small && sharesWeights(cell) && { small } }),
    );
  };

  const parameters = countParameters(trainingTask);
  // Before start values are drawn, which takes minutes where they are too many.
  const least = leastMemory(parameters.trainable);
  requireMemory(least, freeMemory(device));
  options.onPlanned?.(least.total);
  checkData(cell, parameters, integrity);
  const frozenSha256 = await hashFrozen(trainingTask);
  if (trainingTask.parameters.length === 0) {
    const { evaluator, planned } = await openUntrained(cell, options, compile);
    return { ...cell, parameters, planned, integrity, seconds, frozenSha256, evaluator };
  }
  let start = await readStartValues(cell, options, compile, integrity);
  // A first call brings the weights into memory before the mark: what follows is the cost of the method.
  const planned = featureCache && await fillCache(featureCache, cell, options, compile, seconds);
  const evaluator = await trainingTask.evaluator(compile);
  if (!featureCache) {
    await evaluator.warmUp(start);
    markBeforeTraining();
  }

  const training = await seconds.measure(
    "compile",
    () => device.train(loss.program, loss.signature, trainingTask.parameters, compileOptions),
  );
  const plannedStep = planned ?? planStepMemory(training, trainingTask.trainExamples, spec.training);
  if (!planned) await options.reserve?.(plannedStep.total + programBytes(evaluator.plan(), sharesWeights(cell)));
  requireMemory(plannedStep, freeMemory(device));
  await training.write(start);
  // The start values of a fully trained model are large, and the training program now has its own copy.
  start = {};
  collectGarbage("major");
  return { ...cell, parameters, planned: plannedStep, integrity, seconds, frozenSha256, evaluator, training };
}

/** Whether programs whose weights stay as stored have one copy of them in memory. */
function sharesWeights({ device, spec }: OpenCell): boolean {
  return device.small === true && spec.precision === "float32";
}

/** What scores a cell that trains nothing, and the planned memory of a call: the largest of its programs'. */
async function openUntrained(
  cell: OpenCell,
  { reserve }: CellOptions,
  compile: CompileProgram,
): Promise<{ evaluator: Evaluator; planned: MemoryPlan }> {
  const evaluator = await cell.trainingTask.evaluator(compile);
  const plans = evaluator.plan();
  const planned = plans.reduce((largest, plan) => plan.total > largest.total ? plan : largest);
  await reserve?.(programBytes(plans, sharesWeights(cell)));
  requireMemory(planned, freeMemory(cell.device));
  await evaluator.warmUp({});
  return { evaluator, planned };
}

/** SHA-256 of what stays frozen, the backbone's weights and the method's tensors, as they are on disk. */
export function hashFrozen({ identity }: TrainingTask): Promise<string> {
  return hashStored(identity.adapted.signature.weights);
}

function checkData(
  { spec, trainingTask: { adaptation, splits }, seen: { hashes } }: OpenCell,
  parameters: RunRecord["parameters"],
  integrity: Integrity,
): void {
  integrity.check(
    "parameter count",
    parameters.method === adaptation.count,
    `${parameters.method} values, closed form ${adaptation.count}`,
  );
  if (!spec.trial) {
    const leaks = countLeaks(splits);
    integrity.check("no test text in train", leaks === 0, `${leaks} test texts occur in train or validation`);
  }
  if (hashes.size === 0) return;
  const known = countKnown(splits, hashes);
  integrity.check(
    "no known text in validation or test",
    known === 0,
    `of ${hashes.size} texts that training starts from knowledge of, ${known} occur in validation or test`,
  );
}

/** Start values by name: the adapter's that the spec starts from, else the method's, checked to be the identity. */
async function readStartValues(
  { spec, task, trainingTask }: OpenCell,
  { from }: CellOptions,
  compile: CompileProgram,
  integrity: Integrity,
): Promise<Record<string, Float32Array>> {
  const { adaptation, featureCache, identity } = trainingTask;
  const start = await trainingTask.start(spec.seed);
  if (spec.from) return { ...start, ...await readStart(spec.from, from!, task, trainingTask) };
  if (!featureCache && adaptation.identityAtStart) {
    const difference = await differenceAtStart(identity, compile, start);
    integrity.check(
      "identity at the start",
      difference <= IDENTITY_TOLERANCE,
      `${identity.output} differ by ${difference.toExponential(1)} before the first step`,
    );
  }
  return start;
}

/** Greatest difference between the adapted and the unadapted output for some texts, before the first step. */
async function differenceAtStart(
  { backbone, adapted, output, inputs }: TrainingTask["identity"],
  compile: CompileProgram,
  start: Record<string, Float32Array>,
): Promise<number> {
  const outputOf = async (program: SignedProgram, parameters: Record<string, Float32Array>) => {
    const executable = await compile(program);
    const outputs = await executable.run({ parameters, inputs });
    await executable.release();
    return outputs[output];
  };
  // One after the other: both programs at once could need more memory than training, whose peak is measured.
  const before = await outputOf(backbone, {});
  const after = await outputOf(adapted, start);
  return before.reduce((most, value, at) => Math.max(most, Math.abs(value - after[at])), 0);
}

/** Computes the features of all examples, and returns the planned memory of doing so. */
async function fillCache(
  { program, sample, fill }: FeatureCache,
  { spec, device, trainingTask }: OpenCell,
  { reserve }: CellOptions,
  compile: CompileProgram,
  seconds: Stopwatch,
): Promise<MemoryPlan> {
  const reader = await compile(program);
  await reader.run({ parameters: {}, inputs: sample });
  markBeforeTraining();
  const planned = planStepMemory(reader, trainingTask.trainExamples, spec.training);
  await reserve?.(planned.total);
  requireMemory(planned, freeMemory(device));
  await seconds.measure("evaluate", () => fill(reader));
  await reader.release();
  return planned;
}
