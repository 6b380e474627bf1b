/**
 * Makes the cells of a study.
 * @module
 */
import { resolve } from "node:path";
import { lookUp, UsageError } from "../../base/errors.ts";
import { devices } from "../../engine/devices/mod.ts";
import type { Device, Precision } from "../../engine/types.ts";
import type { Model } from "../../models/types.ts";
import { type TaskKind, useOf } from "../../tasks/types.ts";
import { entryFrom, openStart } from "../adapters/start-from.ts";
import type { ValidAdapter } from "../adapters/validate.ts";
import type { Cell } from "../study/cell.ts";
import { findModel, specOfModel } from "../study/find-model.ts";
import type { HeadSpec } from "../study/words/head.ts";
import { requireHead } from "../study/words/resolve-head.ts";
import { findTask, type StudiedTask, taskOfSpec } from "../study/find-task.ts";
import { Exclusions } from "../study/points/exclude.ts";
import { pointsOf } from "../study/points/grid.ts";
import type { MethodEntry } from "../study/points/method-entry.ts";
import { type DataSpec, methodName, runId, type RunSpec, type TrainingSpec } from "../study/spec.ts";
import { requireFewCells, type Study } from "../study/study.ts";
import { KIND_OF_OPTION, splitGenerationOptions } from "../study/points/generation-options.ts";
import { headFrom, headsOfMethod, requireUsed } from "./settings/method-heads.ts";
import { requireEnough, resolveData, withExamples } from "./settings/study-data.ts";
import { requireTrainable, type ResolvedMethod, resolveMethod } from "./resolve-method.ts";
import { MethodTuner, requireTunable } from "./tuning/method-tuner.ts";

/** With this option, micro-batches have one text. */
const ONE_BY_ONE: Partial<TrainingSpec> = { microBatchRows: 1 };

/** What the cells of a setting share; they differ in their seed. */
interface StudiedSetting {
  model: Model;
  /** The adapter that training starts from. */
  adapter?: ValidAdapter;
  task: StudiedTask;
  data: DataSpec;
  method: ResolvedMethod;
  /** What the language model's own head is asked; absent: there is a classifier, or texts are generated. */
  head?: HeadSpec;
  /** What tunes the method; absent where it is not tuned. */
  tuner?: MethodTuner;
}

/** Numbers of examples and training options without grids. */
interface Point {
  data: Partial<DataSpec>;
  training: Partial<TrainingSpec>;
}

/**
 * The cells of a study. Seed by seed, so that early results compare all methods; within a seed the methods that
 * train least come first, so that the first result comes soon.
 * @throws {UsageError} if a name is unknown, a model's folder cannot be used, an option is out of range,
 * if the device or a method cannot do what the study needs, or if there is no cell, one twice or too many
 */
export async function cellsOf(study: Study): Promise<Cell[]> {
  const device = lookUp("device", devices, study.device);
  const precision = precisionOf(study, device);
  if (study.memory === "small" && !device.small) refuseDevice("in less memory", "small", device);
  requireFewCells(study);
  requireTunable(study);
  const models: Model[] = [];
  for (const name of study.models) models.push(await findModel(name));
  const studied = await Promise.all(
    study.tasks.map(async (entry) => withExamples(await findTask(entry, study.taskFiles), study.data)),
  );
  requireUsedKeys(study, studied);
  requireNames(studied);
  if (study.head) requireHead(study.head, studied);
  const exclusions = new Exclusions(study.exclude);
  const settings: StudiedSetting[] = [];
  for (const [at, model] of models.entries()) {
    settings.push(...await settingsOf(study, study.models[at], model, studied, precision, exclusions));
  }
  exclusions.requireUsed();
  for (const [task, same] of Map.groupBy(settings, ({ task }) => task)) {
    for (const data of new Set(same.map(({ data }) => data))) requireEnough(task, data, study.seeds[0]);
  }
  if (settings.length === 0) throw new UsageError("Cannot run the study: exclude must leave a cell, it leaves none");
  requireUsed(study, settings.map(({ head }) => head));
  const cells = new Map<string, Cell>();
  for (const seed of study.seeds) {
    for (const setting of settings) {
      for (const cell of await cellsOfSetting(study, seed, precision, setting)) {
        // Two trials with the same values are one.
        if (cells.has(cell.id) && !cell.spec.trial) refuseTwice(cell.spec);
        cells.set(cell.id, cell);
      }
    }
  }
  return [...cells.values()];
}

/** @throws {UsageError} always: a cell that a study asks for twice is in it once by mistake */
function refuseTwice(spec: RunSpec): never {
  throw new UsageError(
    `Cannot run the study: its cells must differ, it has ${methodName(spec)} on ${spec.task.name} with ` +
      `${spec.model.name} and seed ${spec.seed} twice with the same options`,
  );
}

/** The cell of a setting, after its trials where it is tuned. */
async function cellsOfSetting(
  study: Study,
  seed: number,
  precision: Precision,
  setting: StudiedSetting,
): Promise<Cell[]> {
  const { tuner, model, adapter } = setting;
  if (!tuner) return [cellOf(study, seed, precision, setting, study.trial && { trial: true })];
  const trials: Cell[] = [];
  for (let trial = 0; trial < tuner.spec.trials; trial++) {
    const method = tuner.trial(seed, trial);
    await requireTrainable(method, model.shape, precision, adapter);
    trials.push(cellOf(study, seed, precision, { ...setting, method }, { trial: true }));
  }
  const cell = cellOf(study, seed, precision, setting, { tuning: tuner.spec });
  return [...trials, { ...cell, trials: trials.map(({ id }) => id) }];
}

/** One cell of a study. @param purpose whether it is tuned, or a trial */
function cellOf(
  study: Study,
  seed: number,
  precision: Precision,
  { model, adapter, task: { task, paths }, data, method, head }: StudiedSetting,
  purpose: Pick<RunSpec, "tuning" | "trial"> = {},
): Cell {
  const spec: RunSpec = {
    model: specOfModel(model),
    task,
    data,
    method: method.parts,
    seed,
    training: trainingOf(method, task, model, head),
    device: study.device,
    precision,
    ...study.memory && { memory: study.memory },
    ...head && { head },
    ...adapter && { from: { sha256: adapter.sha256 } },
    ...purpose,
  };
  const { folder } = model;
  const from = adapter && { from: resolve(adapter.folder) };
  return { id: runId(spec), spec, ...paths, ...folder && { folder }, ...from };
}

/**
 * The settings of a study on a model, task by task, those that train least first.
 * @param name the model, as the study says it
 * @throws {UsageError} as `resolveMethod`, if a method cannot be trained in int8, or if the adapter to start from does not fit
 */
async function settingsOf(
  study: Study,
  name: string,
  model: Model,
  tasks: readonly StudiedTask[],
  precision: Precision,
  exclusions: Exclusions,
): Promise<StudiedSetting[]> {
  const { shape } = model;
  const adapter = study.from === undefined ? undefined : await openStart(study.from, model);
  const settings: StudiedSetting[] = [];
  for (const { data, training } of pointsOf({ data: study.data, training: study.training }) as Point[]) {
    requireLength(model, training);
    const entries = adapter ? [entryFrom(adapter, { methods: study.methods, training }, shape)] : study.methods;
    for (const entry of entries.flatMap((entry) => pointsOf(entry) as MethodEntry[])) {
      // What is left out is not looked at: it may be what cannot be.
      const studied = tasks.filter(({ task }) =>
        !exclusions.has({ model: name, task: task.name, method: entry, data, training })
      );
      if (studied.length === 0) continue;
      const overrides = { ...study.memory && ONE_BY_ONE, ...training };
      const method = resolveMethod(entry, shape, overrides);
      await requireTrainable(method, shape, precision, adapter);
      const stated = adapter ? study.methods[0] ?? {} : entry;
      const tuner = study.tuning &&
        MethodTuner.of(study.tuning, { entry: stated, method, training: overrides, shape, isStarted: !!adapter });
      for (const task of studied) {
        const setting = { model, ...adapter && { adapter }, task, data: resolveData(data, task), method };
        const asked = { ...study, head: study.head ?? (adapter && headFrom(adapter, task)) };
        for (const head of await headsOfMethod(asked, model, task, method)) {
          if (!head) requireKind(model, task.task);
          settings.push({ ...setting, ...head && { head }, ...tuner && { tuner } });
        }
      }
    }
  }
  return tasks.flatMap((task) =>
    settings.filter((setting) => setting.task === task).sort((a, b) => a.method.count - b.method.count)
  );
}

/** @throws {UsageError} if a study gives texts more tokens than the model has positions; the default is cut to these */
function requireLength({ name, shape }: Model, { maxLength = 0 }: Partial<TrainingSpec>): void {
  const positions = Math.max(shape.positions ?? 0, shape.maxLength);
  if (maxLength <= positions) return;
  throw new UsageError(
    `Cannot use the model ${name}: training.maxLength must be at most its ${positions} positions, ` +
      `current value is ${maxLength}`,
  );
}

/** @throws {UsageError} if two tasks of different content have one name, under which reports would show them */
function requireNames(studied: readonly StudiedTask[]): void {
  for (const [at, { task }] of studied.entries()) {
    const namesake = studied.slice(0, at).some((other) => other.task.name === task.name);
    if (!namesake || !task.described) continue;
    throw new UsageError(`Cannot run the study: its tasks must have different names, ${task.name} is there twice`);
  }
}

/** @throws {UsageError} if the study gives files or training options that none of its tasks uses */
function requireUsedKeys({ taskFiles, training }: Study, studied: readonly StudiedTask[]): void {
  const names = studied.map(({ task }) => task.name).join(", ");
  if (taskFiles !== undefined && studied.every(({ paths }) => paths.taskFiles === undefined)) {
    throw new UsageError(`Cannot use --task-files: a task must read its files, current value is ${names}`);
  }
  for (const [key, kind] of Object.entries(KIND_OF_OPTION)) {
    if (Object.hasOwn(training, key) && studied.every(({ task }) => useOf(kindOf(task)) !== kind)) {
      throw new UsageError(
        `Cannot use training.${key}: a task must be one of ${kind}, current value is ${names}`,
      );
    }
  }
}

function kindOf(task: RunSpec["task"]): TaskKind {
  return taskOfSpec(task).kind;
}

/** @throws {UsageError} if the task is of a kind that the model cannot be adapted to */
function requireKind({ name, shape }: Model, task: RunSpec["task"]): void {
  const kind = kindOf(task);
  const { kinds = ["classification"] } = shape;
  if (kinds.includes(useOf(kind))) return;
  throw new UsageError(
    `Cannot use the model ${name} for ${task.name}: the task must be one of ${kinds.join(" or ")}, ` +
      `it is one of ${kind}`,
  );
}

/**
 * The training options of a method on a task.
 * @throws {UsageError} if the method trains the classifier alone and there is none, or if generated texts leave no room
 */
function trainingOf(
  { parts, training, count, maxLength }: ResolvedMethod,
  task: RunSpec["task"],
  model: Model,
  head: HeadSpec | undefined,
): TrainingSpec {
  const [{ outputLength, ...ofGeneration }, { headLearningRate, ...common }] = splitGenerationOptions(training);
  const method = parts.map((part) => part.name).join("+");
  if (kindOf(task) !== "generation") {
    if (head) return common;
    if (training.epochs > 0) return { ...common, headLearningRate };
    throw new UsageError(
      `Cannot use ${method} for the task ${task.name}: it trains nothing, and so no classifier either; ` +
        "--head language-model answers without one",
    );
  }
  if (count === 0 && training.epochs > 0) {
    throw new UsageError(
      `Cannot train ${method} for the task ${task.name}: it must train something of the model, as there is no classifier`,
    );
  }
  if (!model.shape.encoderDecoder && outputLength >= maxLength) {
    throw new UsageError(
      `Cannot generate with the model ${model.name} and ${method}: training.outputLength must leave room for a text ` +
        `within ${maxLength} tokens, current value is ${outputLength}`,
    );
  }
  return { ...common, outputLength, ...ofGeneration };
}

/** The precision of a study. @throws {UsageError} if there is none of that name, or if the device does not have it */
function precisionOf({ precision = "float32" }: Study, device: Device): Precision {
  const name = lookUp("precision", { float32: "float32", int8: "int8" } as const, precision);
  if (name === "int8" && !device.int8) refuseDevice("in int8", "int8", device);
  return name;
}

/** @throws {UsageError} the devices that have an ability that this one lacks */
function refuseDevice(how: string, ability: "int8" | "small", device: Device): never {
  const able = Object.values(devices).filter((other) => other[ability]).map(({ name }) => name);
  throw new UsageError(
    `Cannot compute ${how}: the device must be ${able.join(" or ")}, current value is ${device.name}`,
  );
}
