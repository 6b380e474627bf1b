/**
 * Training that starts from an adapter instead of the method's own start.
 * @module
 */
import type { Part } from "../../methods/compose.ts";
import { storedForm } from "../../methods/stored-form.ts";
import { plainHead } from "../../models/layers/head.ts";
import type { Backbone, BackboneShape, Model } from "../../models/types.ts";
import type { AnyTask } from "../../tasks/types.ts";
import type { TrainableParameter } from "../../engine/adamw.ts";
import { type ValidAdapter, validateAdapter } from "./validate.ts";
import { adapterValues } from "./values.ts";
import { canonical, type PartSpec, type RunSpec } from "../study/spec.ts";
import type { MethodEntry, Study } from "../study/study.ts";
import { UsageError } from "../../base/errors.ts";

/** The adapter that training starts from. @throws {UsageError} if it cannot be read or is none of this model */
export async function openStart(folder: string, model: Model): Promise<ValidAdapter> {
  try {
    return await validateAdapter(folder, model.shape, model);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/**
 * The adapter's method with its options, changed by those that the study gives.
 * @throws {UsageError} if the study names another method
 */
export function entryFrom(
  { folder, parts }: ValidAdapter,
  { methods, training }: Study,
  shape: BackboneShape,
): MethodEntry {
  const own = parts.map(({ method }) => method.name);
  const given = methods.map((entry): Record<string, Record<string, unknown>> =>
    typeof entry === "string" ? Object.fromEntries(entry.split("+").map((name) => [name, {}])) : entry
  );
  const isOwn = (entry: object) => canonical(Object.keys(entry).sort()) === canonical(own.toSorted());
  if (given.length > 1 || !given.every(isOwn)) {
    const names = given.map((entry) => Object.keys(entry).join("+")).join(", ");
    throw new UsageError(
      `Cannot start from ${folder}: the method must be the adapter's, ${own.join("+")}, current value is ${names}`,
    );
  }
  // What the study says of training stands for what the adapter was trained with.
  const { epochs, headLearningRate } = training;
  return Object.fromEntries(parts.map(({ method, options }) => [method.name, {
    ...options,
    ...epochs !== undefined && { epochs },
    ...headLearningRate !== undefined && method.count(shape, options) === 0 && { learningRate: headLearningRate },
    ...given[0]?.[method.name],
  }]));
}

/**
 * Makes sure that training can go on from an adapter.
 * @param specs the adapter's methods with the options that they are to be trained with
 * @throws {UsageError} if these options make other parameters than the adapter has, or if it does not hold what was trained
 */
export function requireStart({ folder, parts }: ValidAdapter, specs: readonly PartSpec[], shape: BackboneShape): void {
  for (const { method, options, encoder } of parts) {
    const trained = (of: Part["options"]) =>
      canonical([method.parameters(shape, of).map(({ name, shape }) => [name, shape]), method.trains(shape, of)]);
    const wanted = specs.find(({ name }) => name === method.name)!.options as Part["options"] & PartSpec["options"];
    if (trained(wanted) !== trained(options)) {
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
 * Values that training starts from. A classifier is taken over where its classes are the task's: of the same names, or
 * where these are unknown, as many.
 * @throws {Error} if the adapter is another one than the spec has
 */
export async function readStart(
  { sha256 }: NonNullable<RunSpec["from"]>,
  folder: string,
  task: AnyTask,
  { backbone, head }: { backbone: Backbone; head: readonly TrainableParameter[] },
): Promise<Record<string, Float32Array>> {
  const found = await validateAdapter(folder, backbone);
  if (found.sha256 !== sha256) {
    throw new Error(`Cannot start from ${folder}: its SHA-256 must be ${sha256}, current value is ${found.sha256}`);
  }
  const values = await adapterValues(found, backbone);
  const labels = task.kind === "classification" ? task.labels : [];
  const sameNames = !found.note || canonical(found.note.task.labels) === canonical(labels);
  const sameShapes = head.every(({ name, shape }) => !values[name] || String(values[name].shape) === String(shape));
  if (head.length === 0 || !sameNames || !sameShapes) {
    const { parameters } = backbone.head ?? plainHead(backbone.featureWidth);
    for (const { name } of parameters(2)) delete values[name];
  }
  return Object.fromEntries(Object.entries(values).map(([name, { data }]) => [name, data]));
}
