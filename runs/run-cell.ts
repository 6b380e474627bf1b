/**
 * One cell from its spec to its result: data, training, evaluation, checks.
 * @module
 */
import { collectGarbage } from "../engine/garbage.ts";
import { devices } from "../engine/mod.ts";
import type { Device, DeviceReport, Executable, MemoryPlan } from "../engine/types.ts";
import { type Adaptation, compose } from "../methods/compose.ts";
import { methods } from "../methods/mod.ts";
import type { CommonOptions } from "../methods/types.ts";
import type { Backbone, Model } from "../models/types.ts";
import { metrics } from "../tasks/metrics.ts";
import { tasks } from "../tasks/mod.ts";
import type { Metric, Task } from "../tasks/types.ts";
import { writeAdapter } from "./adapter.ts";
import type { CellOptions, CellPlan, CellResult, Places } from "./cell.ts";
import { predict, score } from "./evaluate.ts";
import { computeFeatures, type EncodedExamples, encodeExamples } from "./examples.ts";
import { findModel } from "./find-model.ts";
import { countLeaks, hashStored, Integrity, raiseFlags } from "./integrity.ts";
import { lookUp } from "./look-up.ts";
import { planTraining, requireMemory } from "./plan-memory.ts";
import { markBeforeTraining } from "./memory.ts";
import type { Measured, RunRecord, Scores } from "./record.ts";
import { runId, type RunSpec } from "./spec.ts";
import { splitExamples, splitRecord, type Splits } from "./split.ts";
import { train, type TrainingCourse } from "./train.ts";
import { type SignedProgram, type Trainable, trainable } from "./trainable.ts";

/** Texts whose features are compared with the backbone's before the first step. */
const IDENTITY_TEXTS = 8;
/** Greatest difference of a feature that rounding explains. */
const IDENTITY_TOLERANCE = 1e-4;

/** What a spec names, opened. */
interface OpenCell {
  spec: RunSpec;
  device: Device;
  task: Task;
  source: Model;
  backbone: Backbone;
  adaptation: Adaptation;
  model: Trainable;
  splits: Splits;
  examples: Record<keyof Splits, EncodedExamples>;
}

async function open(spec: RunSpec, { folder, dataFolder }: Places): Promise<OpenCell> {
  const task = lookUp("task", tasks, spec.task.name);
  const source = await findModel(folder ?? spec.model.name);
  if (source.revision !== spec.model.revision) {
    throw new Error(
      `Cannot use the model ${spec.model.name}: its revision must be ${spec.model.revision}, ` +
        `current value is ${source.revision}`,
    );
  }
  const parts = spec.method.map(({ name, options }) => ({
    method: lookUp("method", methods, name),
    options: options as Record<string, unknown> & CommonOptions,
  }));
  const { files } = spec.task;
  const given = files && dataFolder !== undefined ? { folder: dataFolder, files } : undefined;
  const [backbone, data] = await Promise.all([source.open(), task.load(given)]);
  const adaptation = compose(parts, backbone);
  const splits = splitExamples(data, spec.data, spec.seed);
  const limit = Math.min(spec.training.maxLength, adaptation.maxLength);
  const encode = (name: keyof Splits) => encodeExamples(backbone, splits[name], limit);
  return {
    spec,
    device: lookUp("device", devices, spec.device),
    task,
    source,
    backbone,
    adaptation,
    model: trainable(backbone, adaptation, task.labels, spec.training.headLearningRate),
    splits,
    examples: { train: encode("train"), validation: encode("validation"), test: encode("test") },
  };
}

function countParameters({ model, adaptation }: OpenCell): RunRecord["parameters"] {
  const count = (of: Trainable["parameters"]) =>
    of.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
  const trainable = count(model.parameters);
  const head = count(model.head);
  return { trainable, method: trainable - head, head, storedBytes: 4 * (adaptation.storedCount + head) };
}

/** Numbers of trained values and planned memory of a cell, without training it. */
export async function planCell(spec: RunSpec, places: Places = {}): Promise<CellPlan> {
  const cell = await open(spec, places);
  const { device, model } = cell;
  const { program, signature } = model.featuresFixed ? model.backboneFeatures : model.loss;
  const executable = await device.compile(program, signature, {
    gradients: !model.featuresFixed,
    threads: 1,
    precision: spec.precision,
  });
  const planned = planTraining(executable, cell.examples.train, spec.training);
  await executable.release();
  return { parameters: countParameters(cell), planned };
}

/** Looks at a device of this machine. */
export function inspectDevice(name: string): Promise<DeviceReport> {
  return lookUp("device", devices, name).inspect();
}

/** Greatest difference between adapted and unadapted features of some texts, before the first step. */
async function differenceAtStart(cell: OpenCell, compile: Compile, start: Record<string, Float32Array>) {
  const { model, examples } = cell;
  const inputs = examples.validation.collate([...examples.validation.labels.keys()].slice(0, IDENTITY_TEXTS));
  // One after the other: the peak of memory belongs to training.
  const featuresOf = async (program: SignedProgram, parameters: Record<string, Float32Array>) => {
    const executable = await compile(program);
    const { features } = await executable.run({ parameters, inputs });
    await executable.release();
    return features;
  };
  const before = await featuresOf(model.backboneFeatures, {});
  const after = await featuresOf(model.features, start);
  return before.reduce((most, value, at) => Math.max(most, Math.abs(value - after[at])), 0);
}

function freeMemory(device: Device): number {
  return device.ownMemory ? Infinity : Deno.systemMemoryInfo().available;
}

type Compile = (of: SignedProgram) => Promise<Executable>;

function better(metric: Metric, score: number, than: number): boolean {
  return metric.direction === "higher" ? score > than : score < than;
}

function majorityLabel(labels: readonly number[]): number {
  const counts: number[] = [];
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  return counts.indexOf(Math.max(...counts.filter((count) => count !== undefined)));
}

/**
 * Trains and evaluates a cell and leaves its adapter in the results folder.
 * @throws {Error} if it cannot be trained or an integrity check fails
 */
export async function runCell(spec: RunSpec, options: CellOptions): Promise<CellResult> {
  const cell = await open(spec, options);
  const { device, task, backbone, adaptation, model, splits } = cell;
  const { microBatchRows } = spec.training;
  const taskMetrics = task.metrics.map((name) => metrics[name]);
  const [primary] = taskMetrics;
  const integrity = new Integrity();
  const time = { compile: 0, evaluate: 0 };
  const timed = async <T>(kind: keyof typeof time, work: () => Promise<T>): Promise<T> => {
    const begun = performance.now();
    const result = await work();
    time[kind] += (performance.now() - begun) / 1000;
    return result;
  };
  const compileOptions = { threads: options.threads, small: spec.memory === "small", precision: spec.precision };
  const compile: Compile = ({ program, signature }) =>
    timed("compile", () => device.compile(program, signature, compileOptions));

  const parameters = countParameters(cell);
  integrity.check(
    "parameter count",
    parameters.method === adaptation.count,
    `${parameters.method} values, closed form ${adaptation.count}`,
  );
  const leaks = countLeaks(splits);
  integrity.check("no test text in train", leaks === 0, `${leaks} test texts occur in train or validation`);
  const { weights: frozen } = model.features.signature;
  const frozenBefore = await hashStored(frozen);

  let start = await model.start(spec.seed);
  if (!model.featuresFixed && adaptation.identityAtStart) {
    const difference = await differenceAtStart(cell, compile, start);
    integrity.check(
      "identity at the start",
      difference <= IDENTITY_TOLERANCE,
      `features differ by ${difference.toExponential(1)} before the first step`,
    );
  }
  let { examples } = cell;
  let planned: MemoryPlan | undefined;
  let evaluation = await compile(model.featuresFixed ? model.backboneFeatures : model.logits);
  // The first call loads the weights, so that what follows is the cost of the method.
  await evaluation.run({ parameters: start, inputs: examples.validation.collate([0]) });
  markBeforeTraining();
  if (model.featuresFixed) {
    planned = planTraining(evaluation, examples.train, spec.training);
    requireMemory(planned, freeMemory(device));
    const once = (of: EncodedExamples) => timed("evaluate", () => computeFeatures(of, evaluation, microBatchRows));
    examples = {
      train: await once(examples.train),
      validation: await once(examples.validation),
      test: await once(examples.test),
    };
    await evaluation.release();
    evaluation = await compile(model.logits);
  }

  const training = await timed(
    "compile",
    () => device.train(model.loss.program, model.loss.signature, model.parameters, compileOptions),
  );
  planned ??= planTraining(training, examples.train, spec.training);
  requireMemory(planned, freeMemory(device));
  await training.write(start);
  // A model trained in full is large: it need not lie in memory twice.
  start = {};
  collectGarbage("major");

  const validation: Scores[] = [];
  let best: { epoch: number; parameters: Record<string, Float32Array> } | undefined;
  const course = await train({
    seed: spec.seed,
    spec: spec.training,
    training,
    examples: examples.train,
    onStep: options.onProgress,
    async onEpoch(epoch) {
      const parameters = await training.read();
      const predicted = await timed(
        "evaluate",
        () => predict(evaluation, parameters, examples.validation, microBatchRows),
      );
      const scores = score(taskMetrics, examples.validation.labels, predicted);
      validation.push(scores);
      if (!best || better(primary, scores[primary.name], validation[best.epoch - 1][primary.name])) {
        const copies = Object.entries(parameters).map(([name, values]) => [name, values.slice()]);
        best = { epoch, parameters: Object.fromEntries(copies) };
      }
    },
  });
  await training.release();
  const kept = best!;

  const finite = Object.values(kept.parameters).every((values) => values.every(Number.isFinite));
  integrity.check("finite values", finite, "losses, logits and trained parameters are finite numbers");
  const predicted = await timed(
    "evaluate",
    () => predict(evaluation, kept.parameters, examples.test, microBatchRows),
  );
  await evaluation.release();
  const frozenAfter = await hashStored(frozen);
  integrity.check("frozen weights", frozenBefore === frozenAfter, `SHA-256 ${frozenAfter} before and after`);

  const truth = examples.test.labels;
  const test = score(taskMetrics, truth, predicted);
  const most = majorityLabel(examples.train.labels);
  const majority = score(taskMetrics, truth, truth.map(() => most));
  // A model tuned in full is as large as the backbone: it is kept only on request.
  if (options.keep || adaptation.trains.length < Object.keys(backbone.weights).length) {
    const values = model.parameters.map(({ name, shape }) => [name, { shape, data: kept.parameters[name] }] as const);
    await writeAdapter(
      `${options.out}/adapters/${runId(spec)}`,
      adaptation,
      Object.fromEntries(values),
      model.head.map(({ name }) => name),
    );
  }
  return {
    task: {
      labels: [...task.labels],
      labelling: task.labelling,
      licence: task.licence,
      citation: task.citation,
      source: [
        ...task.source.map(({ path, sha256 }) => ({ path, sha256 })),
        ...Object.entries(spec.task.files ?? {}).map(([path, sha256]) => ({ path, sha256 })),
      ],
      splits: {
        train: splitRecord(splits.train),
        validation: splitRecord(splits.validation),
        test: splitRecord(splits.test),
      },
    },
    model: describeModel(cell),
    metrics: taskMetrics.map(({ name, unit, direction }) => ({ name, unit, direction })),
    scores: { validation: validation[kept.epoch - 1], test, majority },
    bestEpoch: kept.epoch,
    curve: { stepLoss: course.stepLoss, validation },
    predictions: splits.test.map(({ id, label }, at) => ({ id, label, predicted: predicted[at] })),
    parameters,
    planned,
    time: {
      trainSeconds: course.seconds,
      compileSeconds: time.compile,
      evaluateSeconds: time.evaluate,
      examplesPerSecond: spec.training.epochs * splits.train.length / course.seconds,
      ...describeReading(course, model.featuresFixed),
    },
    checks: {
      integrity: integrity.passed,
      flags: raiseFlags(course.stepLoss, test[primary.name], majority[primary.name]),
    },
  };
}

function describeReading(
  { tokens, padding, seconds }: TrainingCourse,
  featuresFixed: boolean,
): Pick<RunRecord["time"], "tokensPerSecond" | "padding"> {
  if (featuresFixed) {
    const unread: Measured = { value: null, reason: "features were computed once, training read no texts" };
    return { tokensPerSecond: unread, padding: unread };
  }
  return { tokensPerSecond: { value: tokens / seconds }, padding: { value: padding / (tokens + padding) } };
}

function describeModel({ source: { licence, citation }, backbone }: OpenCell): RunRecord["model"] {
  const parameters = Object.values(backbone.weights)
    .reduce((sum, shape) => sum + shape.reduce((product, size) => product * size, 1), 0);
  return { sha256: backbone.sha256, licence, citation, parameters };
}
