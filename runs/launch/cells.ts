/**
 * From a study to its cells.
 * @module
 */
import { resolve } from "node:path";
import { devices } from "../../engine/devices/mod.ts";
import type { Device, Precision } from "../../engine/types.ts";
import { compose } from "../../methods/compose.ts";
import { methods } from "../../methods/mod.ts";
import { parseOptions } from "../../methods/options.ts";
import { isHubName } from "../../models/mod.ts";
import type { BackboneShape, Model } from "../../models/types.ts";
import { hashTaskFiles } from "../../tasks/task-files.ts";
import { tasks } from "../../tasks/mod.ts";
import type { AnyTask } from "../../tasks/types.ts";
import type { Cell, LocalPaths } from "../study/cell.ts";
import type { ValidAdapter } from "../adapters/validate.ts";
import { findDataset, sumsOf } from "../study/find-dataset.ts";
import { findModel } from "../study/find-model.ts";
import { lookUp, UsageError } from "../../base/errors.ts";
import { type PartSpec, runId, type RunSpec, type TrainingSpec } from "../study/spec.ts";
import { entryFrom, openStart, requireStart } from "../adapters/start-from.ts";
import type { MethodEntry, Study } from "../study/study.ts";

/** How a run is trained unless the study says otherwise; the epochs come from the method. */
export const trainingDefaults: Omit<TrainingSpec, "epochs" | "outputLength" | "chat"> = {
  batchSize: 16,
  headLearningRate: 3e-3,
  weightDecay: 0,
  warmup: 0.06,
  clip: 1,
  maxLength: 64,
  microBatchRows: 512,
};

/** Most tokens of a text that is learnt or generated, unless the study says otherwise. */
const OUTPUT_LENGTH = 64;

/** What training takes for one kind of task alone. */
const KINDS_OF_KEYS = { headLearningRate: "classification", outputLength: "generation", chat: "generation" } as const;

/** Micro-batches of one text. */
const ONE_BY_ONE: Partial<TrainingSpec> = { microBatchRows: 1 };

/**
 * The cells of a study. Seed by seed, so that early results compare all methods; within a seed the methods that
 * train least come first, so that the first result comes soon.
 * @throws {UsageError} if a name is unknown, a model's folder cannot be used, an option is out of range,
 * or a device or method cannot do what is asked of it
 */
export async function cellsOf(study: Study): Promise<Cell[]> {
  const device = lookUp("device", devices, study.device);
  const precision = precisionOf(study, device);
  if (study.memory === "small" && !device.small) refuseDevice("in less memory", "small", device);
  const models: Model[] = [];
  for (const name of study.models) models.push(await findModel(name));
  const studied = await Promise.all(study.tasks.map((name) => taskOf(name, study)));
  if (study.taskFiles !== undefined && studied.every(({ places }) => places.taskFiles === undefined)) {
    throw new UsageError(`Cannot use --task-files: a task must read its files, current value is ${study.tasks.join(", ")}`);
  }
  for (const [key, kind] of Object.entries(KINDS_OF_KEYS)) {
    if (Object.hasOwn(study.training, key) && studied.every(({ task }) => kindOf(task) !== kind)) {
      throw new UsageError(
        `Cannot use training.${key}: a task must be one of ${kind}, current value is ${study.tasks.join(", ")}`,
      );
    }
  }
  for (const model of models) {
    for (const { task } of studied) requireKind(model, task);
  }
  const adapters = new Map<Model, ValidAdapter>();
  if (study.from !== undefined) {
    for (const model of models) adapters.set(model, await openStart(study.from, model));
  }
  const cells = new Map<string, Cell>();
  for (const seed of study.seeds) {
    for (const model of models) {
      const adapter = adapters.get(model);
      const entries = adapter ? [entryFrom(adapter, study)] : study.methods;
      const trained = entries
        .map((entry) => methodOf(entry, model.shape, { ...study.memory && ONE_BY_ONE, ...study.training }))
        .sort((a, b) => a.count - b.count);
      const unfit = trained.find(({ trainsMatrices }) => precision === "int8" && trainsMatrices);
      if (unfit) {
        const name = unfit.parts.map((part) => part.name).join("+");
        throw new UsageError(`Cannot train ${name} in int8: matrices must stay frozen, it trains all of them`);
      }
      for (const { task, places } of studied) {
        for (const method of trained) {
          const { parts } = method;
          if (adapter) requireStart(adapter, parts, model.shape);
          const training = trainingOf(method, task, model);
          const spec: RunSpec = {
            model: { name: model.name, revision: model.revision },
            task,
            data: study.data,
            method: parts,
            seed,
            training,
            device: study.device,
            precision,
            ...study.memory && { memory: study.memory },
            ...adapter && { from: { sha256: adapter.sha256 } },
          };
          // What is from the hub is found by name and commit.
          const folder = isHubName(model.name) ? undefined : model.folder;
          const from = adapter && { from: resolve(adapter.folder) };
          cells.set(runId(spec), { id: runId(spec), spec, ...places, ...folder && { folder }, ...from });
        }
      }
    }
  }
  return [...cells.values()];
}

/** A task as a spec has it. @throws {UsageError} if there is none of that name, or if its files are missing */
async function taskOf(name: string, { taskFiles }: Study): Promise<{ task: RunSpec["task"]; places: LocalPaths }> {
  const { version, files, dataset }: AnyTask = lookUp("task", tasks, name);
  if (!files) return { task: { name, version }, places: {} };
  if (taskFiles === undefined && dataset) {
    const snapshot = await findDataset(dataset);
    return {
      task: { name, version, files: sumsOf(snapshot), dataset: { name: dataset.name, revision: snapshot.commit } },
      places: { taskFiles: snapshot.folder },
    };
  }
  if (taskFiles === undefined) {
    throw new UsageError(
      `Cannot read the task ${name}: --task-files must name the folder of its files ${files.join(" and ")}, ` +
        "current value is none",
    );
  }
  const given = await hashTaskFiles(taskFiles, files).catch((error) => {
    throw new UsageError(error.message);
  });
  return { task: { name, version, files: given.files }, places: { taskFiles: resolve(taskFiles) } };
}

function kindOf({ name }: RunSpec["task"]): AnyTask["kind"] {
  return tasks[name].kind;
}

/** @throws {UsageError} if the task asks for what the model does not do */
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
 * How a method is trained on a task.
 * @throws {UsageError} if without a classifier it would train nothing, or if the model has no room for a text
 */
function trainingOf(
  { parts, training, count, maxLength }: PlannedMethod,
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

interface PlannedMethod {
  parts: PartSpec[];
  training: TrainingSpec;
  /** Most tokens a text may have. */
  maxLength: number;
  /** Number of values it trains besides the classifier. */
  count: number;
  /** Whether it trains every matrix of the backbone in place. */
  trainsMatrices: boolean;
}

function precisionOf({ precision = "float32" }: Study, device: Device): Precision {
  const known = lookUp("precision", { float32: "float32", int8: "int8" } as const, precision);
  if (known === "int8" && !device.int8) {
    refuseDevice("in int8", "int8", device);
  }
  return known;
}

function refuseDevice(how: string, ability: "int8" | "small", device: Device): never {
  const able = Object.values(devices).filter((of) => of[ability]).map(({ name }) => name);
  throw new UsageError(
    `Cannot compute ${how}: the device must be ${able.join(" or ")}, current value is ${device.name}`,
  );
}

/** Fills in the options of a method's parts and what training takes from them. */
function methodOf(entry: MethodEntry, shape: BackboneShape, overrides: Partial<TrainingSpec>): PlannedMethod {
  const given: [string, Record<string, unknown>][] = typeof entry === "string"
    ? entry.split("+").map((name) => [name, {}])
    : Object.entries(entry);
  const names = given.map(([name]) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) {
    throw new UsageError(`Cannot join ${twice} with itself: the parts of a method must differ, got ${names.join("+")}`);
  }
  // The study's epochs stand in for the method's default; what the part itself says goes before both.
  const defaults = overrides.epochs === undefined ? {} : { epochs: overrides.epochs };
  const found = given.map(([name, options]) => ({ method: lookUp("method", methods, name), options }));
  return refusing(() => {
    const parts = found.map(({ method, options }) => ({
      method,
      options: parseOptions(method, { ...defaults, ...options }),
    }));
    const epochs = Math.max(...parts.map((part) => part.options.epochs));
    // A part that trains nothing in the backbone trains the classifier alone, with its own step size.
    const probe = parts.find(({ method, options }) => method.count(shape, options) === 0);
    const headLearningRate = probe?.options.learningRate ?? overrides.headLearningRate ??
      trainingDefaults.headLearningRate;
    const { count, trains, maxLength } = compose(parts, shape);
    const inPlace = new Set(trains.map(({ name }) => name));
    return {
      parts: parts.map(({ method, options }) => ({ name: method.name, options: { ...options, epochs } })),
      training: { ...trainingDefaults, ...overrides, epochs, headLearningRate },
      count,
      maxLength,
      trainsMatrices: shape.linears.every(({ name }) => inPlace.has(`${name}.weight`)),
    };
  });
}

/** What methods refuse is a mistake of whoever asked. */
function refusing<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof TypeError || !(error instanceof Error)) throw error;
    throw new UsageError(error.message);
  }
}
