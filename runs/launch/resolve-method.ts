/**
 * Fills in the options of a study's methods, and the training options that follow from them.
 * @module
 */
import { asUsageError, lookUp, UsageError } from "../../base/errors.ts";
import { compose, type Part } from "../../methods/adaptation/compose.ts";
import { methods } from "../../methods/mod.ts";
import { EPOCHS, parseOptions } from "../../methods/shared/options.ts";
import type { CommonOptions } from "../../methods/types.ts";
import type { BackboneShape } from "../../models/types.ts";
import type { Precision } from "../../engine/types.ts";
import { requireStart } from "../adapters/start-from.ts";
import type { ValidAdapter } from "../adapters/validate.ts";
import type { MethodEntry } from "../study/points/method-entry.ts";
import type { PartSpec, TrainingSpec } from "../study/spec.ts";
import { trainingDefaults } from "../study/training-defaults.ts";

/** A method of a study on a backbone. */
export interface ResolvedMethod {
  /** Its parts with every option. */
  parts: PartSpec[];
  /** How it is trained. */
  training: TrainingSpec;
  /** Most tokens of a text, virtual tokens not counted. */
  maxLength: number;
  /** Number of values it trains besides the classifier. */
  count: number;
  /** Whether it trains every matrix of the backbone in place. */
  trainsMatrices: boolean;
}

/** A part of a method as a study gives it. */
interface GivenPart {
  name: string;
  options: Record<string, unknown>;
}

/** The parts of a study's method. @throws {UsageError} if two have the same name */
function givenParts(entry: MethodEntry): GivenPart[] {
  const parts = typeof entry === "string"
    ? entry.split("+").map((name) => ({ name, options: {} }))
    : Object.entries(entry).map(([name, options]) => ({ name, options }));
  const names = parts.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice === undefined) return parts;
  throw new UsageError(`Cannot join ${twice} with itself: the parts of a method must differ, got ${names.join("+")}`);
}

/**
 * The options of a part, with the study's value of one that `training` can give for the whole study.
 * @param option the option of the part
 * @param key the key of `training` that means the same
 * @param value what the study gives there
 * @throws {UsageError} if the part gives another value
 */
function withStudyValue(
  { name, options }: GivenPart,
  option: "epochs" | "learningRate",
  key: "epochs" | "headLearningRate",
  value: number | undefined,
): Record<string, unknown> {
  if (value === undefined) return options;
  const { [option]: given = value } = options;
  if (given === value) return { ...options, [option]: value };
  throw new UsageError(
    `Cannot train ${name}: its ${option} and training.${key} must not differ, current values are ${given} and ${value}`,
  );
}

/** A part with every option, before the epochs of joined methods are made equal. */
function resolvePart(given: GivenPart, shape: BackboneShape, overrides: Partial<TrainingSpec>): Part {
  const method = lookUp("method", methods, given.name);
  if (method.untrained) return { method, options: parseOptions(method, given.options) };
  const raw = withStudyValue(given, "epochs", "epochs", overrides.epochs);
  const options = parseOptions(method, raw);
  // A method that trains nothing of the model trains the classifier alone: its learning rate is the classifier's.
  if (method.count(shape, options) > 0) return { method, options };
  const { headLearningRate } = overrides;
  const part = { name: given.name, options: raw };
  return {
    method,
    options: parseOptions(method, withStudyValue(part, "learningRate", "headLearningRate", headLearningRate)),
  };
}

/** A part as specs have it. They leave out version 1, so that the ids of earlier runs stay as they are. */
function partSpec({ method, options }: Part, epochs: number): PartSpec {
  const { name, version = 1, plugin } = method;
  return {
    name,
    ...version > 1 && { version },
    ...plugin !== undefined && { plugin },
    options: method.untrained ? { ...options } : { ...options, epochs },
  };
}

/** Training as specs have it. They leave out a patience that ends nothing: of 0, or of as many epochs as there are. */
function trainingSpec({ patience = 0, ...training }: TrainingSpec): TrainingSpec {
  return { ...training, ...patience > 0 && patience + 1 < training.epochs && { patience } };
}

/**
 * The training options of a method that trains nothing: no epoch, no step size; the others are those of the methods that it is
 * compared with, so that it stands in their table.
 */
function untrainedSpec(training: TrainingSpec): TrainingSpec {
  const { headLearningRate: _, ...others } = trainingSpec(training);
  return { ...others, epochs: 0 };
}

/** @throws {Error} if a method that trains nothing is joined with another */
function requireAlone(parts: readonly Part[]): void {
  const untrained = parts.find(({ method }) => method.untrained)?.method;
  const other = parts.find(({ method }) => method !== untrained)?.method;
  if (!untrained || !other) return;
  throw new Error(`Cannot join ${untrained.name} and ${other.name}: a method that trains nothing must stand alone`);
}

/**
 * Fills in the options of a method.
 * @param overrides the training options that the study gives
 * @throws {UsageError} if a name is unknown, an option is out of range, or method and study say different things
 */
export function resolveMethod(
  entry: MethodEntry,
  shape: BackboneShape,
  overrides: Partial<TrainingSpec>,
): ResolvedMethod {
  const given = givenParts(entry);
  try {
    const parts = given.map((part) => resolvePart(part, shape, overrides));
    requireAlone(parts);
    const isUntrained = parts.some(({ method }) => method.untrained);
    const epochs = Math.max(...parts.map(({ options }) => options.epochs ?? overrides.epochs ?? EPOCHS));
    const probe = parts.find(({ method, options }) => !isUntrained && method.count(shape, options) === 0);
    const headLearningRate = probe?.options.learningRate ?? overrides.headLearningRate ??
      trainingDefaults.headLearningRate;
    const { count, trains, maxLength } = compose(parts, shape);
    const inPlace = new Set(trains.map(({ name }) => name));
    return {
      parts: parts.map((part) => partSpec(part, epochs)),
      training: (isUntrained ? untrainedSpec : trainingSpec)(
        { ...trainingDefaults, ...overrides, epochs, headLearningRate },
      ),
      count,
      maxLength,
      trainsMatrices: shape.linears.every(({ name }) => inPlace.has(`${name}.weight`)),
    };
  } catch (error) {
    // If a method refuses its options, that is the user's mistake.
    if (error instanceof TypeError || !(error instanceof Error)) throw error;
    throw new UsageError(error.message);
  }
}

/**
 * Makes sure that a method can be trained on a backbone.
 * @param adapter the adapter that training starts from
 * @throws {UsageError} why it cannot
 */
export async function requireTrainable(
  { parts, trainsMatrices }: ResolvedMethod,
  shape: BackboneShape,
  precision: Precision,
  adapter: ValidAdapter | undefined,
): Promise<void> {
  if (precision === "int8" && trainsMatrices) {
    const name = parts.map((part) => part.name).join("+");
    throw new UsageError(`Cannot train ${name} in int8: matrices must stay frozen, it trains all of them`);
  }
  // An adapter that exists may have a larger rank than a study may ask for.
  if (adapter) requireStart(adapter, parts, shape);
  else await asUsageError(() => requireBounds(parts, shape));
}

/** Makes sure that options make sense on a backbone. @throws {Error} if one does not */
export function requireBounds(parts: readonly PartSpec[], shape: BackboneShape): void {
  for (const { name, options } of parts) {
    lookUp("method", methods, name).requireBounds?.(shape, options as PartSpec["options"] & CommonOptions);
  }
}
