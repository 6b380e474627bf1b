/**
 * Makes the cells of a study.
 * @module
 */
import { resolve } from "node:path";
import { asUsageError, lookUp, UsageError } from "../../base/errors.ts";
import { devices } from "../../engine/devices/mod.ts";
import type { Device, Precision } from "../../engine/types.ts";
import { methods } from "../../methods/mod.ts";
import type { CommonOptions } from "../../methods/types.ts";
import type { BackboneShape, Model } from "../../models/types.ts";
import { tasks } from "../../tasks/mod.ts";
import { hashTaskFiles } from "../../tasks/task-files.ts";
import type { AnyTask } from "../../tasks/types.ts";
import { entryFrom, openStart, requireStart } from "../adapters/start-from.ts";
import type { ValidAdapter } from "../adapters/validate.ts";
import type { Cell, LocalPaths } from "../study/cell.ts";
import { findDataset, sumsOf } from "../study/find-dataset.ts";
import { findModel } from "../study/find-model.ts";
import { type PartSpec, runId, type RunSpec, type TrainingSpec } from "../study/spec.ts";
import type { Study } from "../study/study.ts";
import { type ResolvedMethod, resolveMethod } from "./resolve-method.ts";

/** Most tokens of a text that is learnt or generated, unless the study gives another number. */
const OUTPUT_LENGTH = 64;

/** Training options that one kind of task alone has. */
const KIND_OF_OPTION = { headLearningRate: "classification", outputLength: "generation", chat: "generation" } as const;

/** With this option, micro-batches have one text. */
const ONE_BY_ONE: Partial<TrainingSpec> = { microBatchRows: 1 };

/** A task as specs have it, and where its files lie. */
interface StudiedTask {
  task: RunSpec["task"];
  paths: LocalPaths;
}

/** A model and what a study trains on it. */
interface StudiedModel {
  model: Model;
  /** The adapter that training starts from. */
  adapter?: ValidAdapter;
  methods: ResolvedMethod[];
}

/**
 * The cells of a study. Seed by seed, so that early results compare all methods; within a seed the methods that
 * train least come first, so that the first result comes soon.
 * @throws {UsageError} if a name is unknown, a model's folder cannot be used, an option is out of range,
 * or if the device or a method cannot do what the study needs
 */
export async function cellsOf(study: Study): Promise<Cell[]> {
  const device = lookUp("device", devices, study.device);
  const precision = precisionOf(study, device);
  if (study.memory === "small" && !device.small) refuseDevice("in less memory", "small", device);
  const models: Model[] = [];
  for (const name of study.models) models.push(await findModel(name));
  const studied = await Promise.all(study.tasks.map((name) => taskOf(name, study)));
  requireUsedKeys(study, studied);
  for (const model of models) {
    for (const { task } of studied) requireKind(model, task);
  }
  const prepared: StudiedModel[] = [];
  for (const model of models) prepared.push(await resolveMethods(model, study, precision));
  const cells = new Map<string, Cell>();
  for (const seed of study.seeds) {
    for (const model of prepared) {
      for (const task of studied) {
        for (const method of model.methods) {
          const cell = cellOf(study, seed, precision, task, model, method);
          cells.set(cell.id, cell);
        }
      }
    }
  }
  return [...cells.values()];
}

/** One cell of a study. */
function cellOf(
  study: Study,
  seed: number,
  precision: Precision,
  { task, paths }: StudiedTask,
  { model, adapter }: StudiedModel,
  method: ResolvedMethod,
): Cell {
  const spec: RunSpec = {
    model: { name: model.name, revision: model.revision },
    task,
    data: study.data,
    method: method.parts,
    seed,
    training: trainingOf(method, task, model),
    device: study.device,
    precision,
    ...study.memory && { memory: study.memory },
    ...adapter && { from: { sha256: adapter.sha256 } },
  };
  const { folder } = model;
  const from = adapter && { from: resolve(adapter.folder) };
  return { id: runId(spec), spec, ...paths, ...folder && { folder }, ...from };
}

/**
 * Resolves the methods of a study on a model, those that train least first.
 * @throws {UsageError} as `resolveMethod`, if a method cannot be trained in int8, or if the adapter to start from does not fit
 */
async function resolveMethods(model: Model, study: Study, precision: Precision): Promise<StudiedModel> {
  const adapter = study.from === undefined ? undefined : await openStart(study.from, model);
  const entries = adapter ? [entryFrom(adapter, study, model.shape)] : study.methods;
  const resolved = entries
    .map((entry) => resolveMethod(entry, model.shape, { ...study.memory && ONE_BY_ONE, ...study.training }))
    .sort((a, b) => a.count - b.count);
  const trainsMatrices = resolved.find((method) => precision === "int8" && method.trainsMatrices);
  if (trainsMatrices) {
    const name = trainsMatrices.parts.map((part) => part.name).join("+");
    throw new UsageError(`Cannot train ${name} in int8: matrices must stay frozen, it trains all of them`);
  }
  // An adapter that exists may have a larger rank than a study may ask for.
  if (adapter) { for (const { parts } of resolved) requireStart(adapter, parts, model.shape); }
  else for (const { parts } of resolved) await asUsageError(() => requireBounds(parts, model.shape));
  requireLength(model, study.training);
  return { model, ...adapter && { adapter }, methods: resolved };
}

/** @throws {Error} if an option of a method makes no sense on a backbone */
function requireBounds(parts: readonly PartSpec[], shape: BackboneShape): void {
  for (const { name, options } of parts) {
    lookUp("method", methods, name).requireBounds?.(shape, options as PartSpec["options"] & CommonOptions);
  }
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

/** @throws {UsageError} if the study gives files or training options that none of its tasks uses */
function requireUsedKeys({ taskFiles, tasks, training }: Study, studied: readonly StudiedTask[]): void {
  if (taskFiles !== undefined && studied.every(({ paths }) => paths.taskFiles === undefined)) {
    throw new UsageError(`Cannot use --task-files: a task must read its files, current value is ${tasks.join(", ")}`);
  }
  for (const [key, kind] of Object.entries(KIND_OF_OPTION)) {
    if (Object.hasOwn(training, key) && studied.every(({ task }) => kindOf(task) !== kind)) {
      throw new UsageError(
        `Cannot use training.${key}: a task must be one of ${kind}, current value is ${tasks.join(", ")}`,
      );
    }
  }
}

/** A task of a study. @throws {UsageError} if there is none of that name, or if its files are missing */
async function taskOf(name: string, { taskFiles }: Study): Promise<StudiedTask> {
  const { version, files, dataset, load }: AnyTask = lookUp("task", tasks, name);
  if (!files) return { task: { name, version }, paths: {} };
  if (taskFiles === undefined && dataset) {
    const snapshot = await findDataset(dataset);
    await asUsageError<unknown>(() => load({ folder: snapshot.folder, files: sumsOf(snapshot) }));
    return {
      task: { name, version, files: sumsOf(snapshot), dataset: { name: dataset.name, revision: snapshot.commit } },
      paths: { taskFiles: snapshot.folder },
    };
  }
  if (taskFiles === undefined) {
    throw new UsageError(
      `Cannot read the task ${name}: --task-files must name the folder of its files ${files.join(" and ")}, ` +
        "current value is none",
    );
  }
  const given = await asUsageError(() => hashTaskFiles(taskFiles, files));
  // Read once here, so that a fault in a file is found before the first cell, not once in each.
  await asUsageError<unknown>(() => load(given));
  return { task: { name, version, files: given.files }, paths: { taskFiles: resolve(taskFiles) } };
}

function kindOf({ name }: RunSpec["task"]): AnyTask["kind"] {
  return tasks[name].kind;
}

/** @throws {UsageError} if the task is of a kind that the model cannot be adapted to */
function requireKind({ name, shape }: Model, task: RunSpec["task"]): void {
  const kind = kindOf(task);
  const { kinds = ["classification"] } = shape;
  if (kinds.includes(kind)) return;
  throw new UsageError(
    `Cannot use the model ${name} for ${task.name}: the task must be one of ${kinds.join(" or ")}, ` +
      `it is one of ${kind}`,
  );
}

/**
 * The training options of a method on a task.
 * @throws {UsageError} if the method trains the classifier alone and there is none, or if generated texts leave no room for
 * the text that is read
 */
function trainingOf(
  { parts, training, count, maxLength }: ResolvedMethod,
  task: RunSpec["task"],
  model: Model,
): TrainingSpec {
  const { outputLength = OUTPUT_LENGTH, chat, ...others } = training;
  if (kindOf(task) === "classification") return others;
  const method = parts.map((part) => part.name).join("+");
  if (count === 0) {
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
  const { headLearningRate: _, ...common } = others;
  return { ...common, outputLength, ...chat && { chat } };
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
