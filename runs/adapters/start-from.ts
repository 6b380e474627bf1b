/**
 * Training that starts from an adapter instead of the method's own start.
 * @module
 */
import { asUsageError, UsageError } from "../../base/errors.ts";
import type { Part } from "../../methods/adaptation/compose.ts";
import { storedForm } from "../../methods/adaptation/stored-form.ts";
import { headOf } from "../../models/layers/head.ts";
import type { Backbone, BackboneShape, Model } from "../../models/types.ts";
import { type AnyTask, labelsOfTask } from "../../tasks/types.ts";
import type { TrainableParameter } from "../../engine/adamw.ts";
import { type ValidAdapter, validateAdapter } from "./validate.ts";
import { adapterValues } from "./values.ts";
import { type MethodEntry, partsOf } from "../study/points/method-entry.ts";
import { canonical, type PartSpec, type RunSpec, type TrainingSpec } from "../study/spec.ts";

/** Opens the adapter that training starts from. @throws {UsageError} if it cannot be read or does not fit the model */
export async function openStart(folder: string, model: Model): Promise<ValidAdapter> {
  return await asUsageError(() => validateAdapter(folder, model.shape, model));
}

/**
 * The method that a study trains when it starts from an adapter: the adapter's, with its options; those that the study gives
 * come first.
 * @throws {UsageError} if the study names another method
 */
export function entryFrom(
  { folder, parts }: ValidAdapter,
  { methods, training }: { methods: readonly MethodEntry[]; training: Partial<TrainingSpec> },
  shape: BackboneShape,
): MethodEntry {
  const expected = parts.map(({ method }) => method.name);
  const given = methods.map(partsOf);
  const isExpected = (entry: object) => canonical(Object.keys(entry).sort()) === canonical(expected.toSorted());
  if (given.length > 1 || !given.every(isExpected)) {
    const names = given.map((entry) => Object.keys(entry).join("+")).join(", ");
    throw new UsageError(
      `Cannot start from ${folder}: the method must be the adapter's, ${expected.join("+")}, current value is ${names}`,
    );
  }
  // The study's training options replace those that the adapter was trained with.
  const { epochs, headLearningRate } = training;
  return Object.fromEntries(parts.map(({ method, options }) => [method.name, {
    ...options,
    ...epochs !== undefined && { epochs },
    ...headLearningRate !== undefined && method.count(shape, options) === 0 && { learningRate: headLearningRate },
    ...given[0]?.[method.name],
  }]));
}

/**
 * Makes sure that training can start from an adapter.
 * @param specs the adapter's methods with the options to train them with
 * @throws {UsageError} if these options change the names or shapes of the parameters, or if the adapter does not hold them
 */
export function requireStart({ folder, parts }: ValidAdapter, specs: readonly PartSpec[], shape: BackboneShape): void {
  for (const { method, options, encoder } of parts) {
    const trainedTensors = (given: Part["options"]) =>
      canonical([method.parameters(shape, given).map(({ name, shape }) => [name, shape]), method.trains(shape, given)]);
    const spec = specs.find(({ name }) => name === method.name)!;
    if (trainedTensors(spec.options as Part["options"] & PartSpec["options"]) !== trainedTensors(options)) {
      throw new UsageError(
        `Cannot start from ${folder}: options of ${method.name} must keep the adapter's parameters, those given make others`,
      );
    }
    if (encoder || storedForm(method, shape, options).parameters) continue;
    throw new UsageError(
      `Cannot start from ${folder}: parameters of ${method.name} must be stored, there is only what its encoder makes of them`,
    );
  }
}

/**
 * Reads the values that training starts from. The classifier is included if its classes are those of the task: if their
 * names are equal or, where the adapter does not say them, their number is.
 * @throws {Error} if the adapter is not the one that the spec names
 */
export async function readStart(
  { sha256 }: NonNullable<RunSpec["from"]>,
  folder: string,
  task: AnyTask,
  { backbone, head }: { backbone: Backbone; head: readonly TrainableParameter[] },
): Promise<Record<string, Float32Array>> {
  const adapter = await validateAdapter(folder, backbone);
  if (adapter.sha256 !== sha256) {
    throw new Error(`Cannot start from ${folder}: its SHA-256 must be ${sha256}, current value is ${adapter.sha256}`);
  }
  const values = await adapterValues(adapter, backbone);
  const { kind, labels } = { kind: task.kind, labels: labelsOfTask(task), ...adapter.note?.task };
  const sameNames = kind === task.kind && canonical(labels) === canonical(labelsOfTask(task));
  const sameShapes = head.every(({ name, shape }) => !values[name] || String(values[name].shape) === String(shape));
  if (head.length === 0 || !sameNames || !sameShapes) {
    for (const { name } of headOf(backbone).parameters(2)) delete values[name];
  }
  return Object.fromEntries(Object.entries(values).map(([name, { data }]) => [name, data]));
}
