/**
 * One cell from its spec to its result: data, training, evaluation, checks.
 * @module
 */
import { sizeOf } from "../../base/shapes.ts";
import { collectGarbage } from "../../engine/garbage.ts";
import { devices } from "../../engine/devices/mod.ts";
import type { Device, DeviceReport, MemoryPlan } from "../../engine/types.ts";
import { methods } from "../../methods/mod.ts";
import type { CommonOptions } from "../../methods/types.ts";
import type { Backbone, Model } from "../../models/types.ts";
import { tasks } from "../../tasks/mod.ts";
import type { AnyTask, Metric, TaskFiles } from "../../tasks/types.ts";
import { writeAdapter } from "../adapters/write.ts";
import { noteOf } from "../adapters/note.ts";
import type { CellOptions } from "./cell-runner.ts";
import type { CellEstimate, CellResult, LocalPaths } from "../study/cell.ts";
import { classification } from "./classification.ts";
import { openModel } from "../study/find-model.ts";
import { generation } from "./generation.ts";
import { countLeaks, hashStored, Integrity, raiseFlags } from "./integrity.ts";
import { lookUp } from "../../base/errors.ts";
import { markBeforeTraining } from "./memory.ts";
import type { CompileProgram, TaskContext, TrainingTask } from "./training-task.ts";
import { planStepMemory, requireMemory } from "./plan-memory.ts";
import { knownScores, type Measured, type RunRecord, type Scores } from "../study/record.ts";
import { runId, type RunSpec } from "../study/spec.ts";
import { splitExamples, splitRecord } from "./split.ts";
import { readStart } from "../adapters/start-from.ts";
import { train, type TrainingCourse } from "./train.ts";
import type { SignedProgram } from "../programs/classifier.ts";

/** Greatest difference of an output before the first step that rounding explains. */
const IDENTITY_TOLERANCE = 1e-4;

/** What a spec names, opened. */
interface OpenCell {
  spec: RunSpec;
  device: Device;
  task: AnyTask;
  source: Model;
  objective: TrainingTask;
}

/** Reads a task's examples; what is left to say is with what they are learnt. */
async function readTask(
  task: AnyTask,
  spec: RunSpec,
  given: TaskFiles | undefined,
): Promise<(setting: TaskContext) => TrainingTask> {
  if (task.kind === "generation") {
    const splits = splitExamples(await task.load(given), spec.data, spec.seed);
    return (setting) => generation(task, splits, setting);
  }
  const splits = splitExamples(await task.load(given), spec.data, spec.seed);
  return (setting) => classification(task, splits, setting);
}

async function open(spec: RunSpec, { folder, taskFiles }: LocalPaths, threads: number): Promise<OpenCell> {
  const task = lookUp("task", tasks, spec.task.name);
  const source = await openModel(spec.model, folder);
  const parts = spec.method.map(({ name, options }) => ({
    method: lookUp("method", methods, name),
    options: options as Record<string, unknown> & CommonOptions,
  }));
  const { files } = spec.task;
  const given = files && taskFiles !== undefined ? { folder: taskFiles, files } : undefined;
  const [backbone, learn] = await Promise.all([source.open(), readTask(task, spec, given)]);
  const objective = learn({ spec, backbone, parts, threads });
  return { spec, device: lookUp("device", devices, spec.device), task, source, objective };
}

/** Where a file of a task comes from, as a record says it. */
function placeOf({ dataset }: RunSpec["task"], path: string): string {
  return dataset ? `${dataset.name}@${dataset.revision}/${path}` : path;
}

function countParameters({ parameters, head, adaptation }: TrainingTask): RunRecord["parameters"] {
  const count = (of: TrainingTask["parameters"]) => of.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const trainable = count(parameters);
  const ofHead = count(head);
  return {
    trainable,
    method: trainable - ofHead,
    head: ofHead,
    storedBytes: 4 * (adaptation.storedCount + ofHead),
  };
}

/** Numbers of trained values and planned memory of a cell, without training it. */
export async function estimateCell(spec: RunSpec, places: LocalPaths = {}): Promise<CellEstimate> {
  const { device, objective } = await open(spec, places, 1);
  const { fixedFeatures } = objective;
  const { program, signature } = fixedFeatures?.program ?? objective.loss;
  const executable = await device.compile(program, signature, {
    gradients: !fixedFeatures,
    threads: 1,
    precision: spec.precision,
  });
  const planned = planStepMemory(executable, objective.train, spec.training);
  await executable.release();
  return { parameters: countParameters(objective), planned };
}

/** Looks at a device of this machine. */
export function inspectDevice(name: string): Promise<DeviceReport> {
  return lookUp("device", devices, name).inspect();
}

/** Greatest difference between the adapted and the unadapted output for some texts, before the first step. */
async function differenceAtStart(
  { backbone, adapted, output, inputs }: TrainingTask["identity"],
  compile: CompileProgram,
  start: Record<string, Float32Array>,
): Promise<number> {
  // One after the other: the peak of memory belongs to training.
  const outputOf = async (program: SignedProgram, parameters: Record<string, Float32Array>) => {
    const executable = await compile(program);
    const outputs = await executable.run({ parameters, inputs });
    await executable.release();
    return outputs[output];
  };
  const before = await outputOf(backbone, {});
  const after = await outputOf(adapted, start);
  return before.reduce((most, value, at) => Math.max(most, Math.abs(value - after[at])), 0);
}

function freeMemory(device: Device): number {
  return device.ownMemory ? Infinity : Deno.systemMemoryInfo().available;
}

function better(metric: Pick<Metric, "direction">, score: number, than: number): boolean {
  return metric.direction === "higher" ? score > than : score < than;
}

/**
 * Trains and evaluates a cell and leaves its adapter in the results folder.
 * @throws {Error} if it cannot be trained or an integrity check fails
 */
export async function runCell(spec: RunSpec, options: CellOptions): Promise<CellResult> {
  const { device, task, source, objective } = await open(spec, options, options.threads);
  const { backbone, adaptation, splits, metrics, fixedFeatures } = objective;
  const [primary] = metrics;
  const integrity = new Integrity();
  const time = { compile: 0, evaluate: 0 };
  const timed = async <T>(kind: keyof typeof time, work: () => Promise<T>): Promise<T> => {
    const begun = performance.now();
    const result = await work();
    time[kind] += (performance.now() - begun) / 1000;
    return result;
  };
  const compileOptions = { threads: options.threads, small: spec.memory === "small", precision: spec.precision };
  const compile: CompileProgram = ({ program, signature }, small) => {
    const shared = small && device.small && spec.precision === "float32";
    return timed("compile", () => device.compile(program, signature, { ...compileOptions, ...shared && { small } }));
  };

  const parameters = countParameters(objective);
  integrity.check(
    "parameter count",
    parameters.method === adaptation.count,
    `${parameters.method} values, closed form ${adaptation.count}`,
  );
  const leaks = countLeaks(splits);
  integrity.check("no test text in train", leaks === 0, `${leaks} test texts occur in train or validation`);
  const { weights: frozen } = objective.identity.adapted.signature;
  const frozenBefore = await hashStored(frozen);

  let start = await objective.start(spec.seed);
  if (spec.from) start = { ...start, ...await readStart(spec.from, options.from!, task, objective) };
  else if (!fixedFeatures && adaptation.identityAtStart) {
    const difference = await differenceAtStart(objective.identity, compile, start);
    integrity.check(
      "identity at the start",
      difference <= IDENTITY_TOLERANCE,
      `${objective.identity.output} differ by ${difference.toExponential(1)} before the first step`,
    );
  }
  let planned: MemoryPlan | undefined;
  // Before training starts, a first call loads the weights, so that what follows is the cost of the method.
  if (fixedFeatures) {
    const reader = await compile(fixedFeatures.program);
    await reader.run({ parameters: {}, inputs: fixedFeatures.inputs });
    markBeforeTraining();
    planned = planStepMemory(reader, objective.train, spec.training);
    requireMemory(planned, freeMemory(device));
    await timed("evaluate", () => fixedFeatures.compute(reader));
    await reader.release();
  }
  const evaluator = await objective.evaluator(compile);
  if (!fixedFeatures) {
    await evaluator.load(start);
    markBeforeTraining();
  }

  const training = await timed(
    "compile",
    () => device.train(objective.loss.program, objective.loss.signature, objective.parameters, compileOptions),
  );
  planned ??= planStepMemory(training, objective.train, spec.training);
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
    examples: objective.train,
    onStep: options.onProgress,
    async onEpoch(epoch) {
      const parameters = await training.read();
      const { scores } = await timed("evaluate", () => evaluator.evaluate("validation", parameters));
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
  const test = await timed("evaluate", () => evaluator.evaluate("test", kept.parameters));
  await evaluator.release();
  const frozenAfter = await hashStored(frozen);
  integrity.check("frozen weights", frozenBefore === frozenAfter, `SHA-256 ${frozenAfter} before and after`);

  const { majority } = objective;
  // A model tuned in full is as large as the backbone: it is kept only on request.
  if (options.keep || adaptation.trains.length < Object.keys(backbone.weights).length) {
    const values = objective.parameters.map(({ name, shape }) =>
      [name, { shape, data: kept.parameters[name] }] as const
    );
    await writeAdapter(
      `${options.out}/adapters/${runId(spec)}`,
      adaptation,
      Object.fromEntries(values),
      objective.head.map(({ name }) => name),
      {
        peft: objective.peft,
        note: noteOf(spec, task),
      },
    );
  }
  return {
    task: {
      labels: task.kind === "classification" ? [...task.labels] : [],
      labelling: task.labelling,
      licence: task.licence,
      citation: task.citation,
      source: [
        ...task.source.map(({ path, sha256 }) => ({ path, sha256 })),
        ...Object.entries(spec.task.files ?? {}).map(([path, sha256]) => ({ path: placeOf(spec.task, path), sha256 })),
      ],
      splits: {
        train: splitRecord(splits.train),
        validation: splitRecord(splits.validation),
        test: splitRecord(splits.test),
      },
    },
    model: describeModel(source, backbone),
    metrics: metrics.map(({ name, unit, direction }) => ({ name, unit, direction })),
    scores: { validation: validation[kept.epoch - 1], test: test.scores, majority },
    bestEpoch: kept.epoch,
    curve: { stepLoss: course.stepLoss, validation },
    predictions: test.predictions,
    parameters,
    planned,
    time: {
      trainSeconds: course.seconds,
      compileSeconds: time.compile,
      evaluateSeconds: time.evaluate,
      examplesPerSecond: spec.training.epochs * objective.train.lengths.length / course.seconds,
      ...describeReading(course, fixedFeatures !== undefined),
    },
    checks: {
      integrity: integrity.passed,
      flags: raiseFlags(course.stepLoss, test.scores[primary.name], knownScores(majority)?.[primary.name]),
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

function describeModel({ licence, citation }: Model, backbone: Backbone): RunRecord["model"] {
  const parameters = Object.values(backbone.weights)
    .reduce((sum, shape) => sum + sizeOf(shape), 0);
  return { sha256: backbone.sha256, licence, citation, parameters };
}
