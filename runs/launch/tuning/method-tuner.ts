/**
 * What is tuned of a method in a study, and the method with the options of a trial.
 * @module
 */
import { z } from "zod";
import { lookUp, showValue, UsageError } from "../../../base/errors.ts";
import { type Axis, isList, type Space } from "../../../base/search-space.ts";
import { methods } from "../../../methods/mod.ts";
import type { CommonOptions } from "../../../methods/types.ts";
import type { BackboneShape } from "../../../models/types.ts";
import { isGrid } from "../../study/points/grid.ts";
import { type MethodEntry, partsOf } from "../../study/points/method-entry.ts";
import type { PartSpec, TrainingSpec } from "../../study/spec.ts";
import type { Study } from "../../study/study.ts";
import { type TunedValue, type Tuning, type TuningSpec, valuesOf } from "../../study/tuning/space.ts";
import { requireBounds, type ResolvedMethod, resolveMethod } from "../resolve-method.ts";

/** A method of a study, on a backbone, with its options filled in. */
interface StudiedMethod {
  /** The method, with the options that the study states. */
  entry: MethodEntry;
  /** The method with all options: those of the first trial. */
  method: ResolvedMethod;
  /** The training options that the study states. */
  training: Partial<TrainingSpec>;
  /** The backbone. */
  shape: BackboneShape;
  /** Whether training starts from an adapter, which fixes all options but step size and epochs. */
  isStarted: boolean;
}

/** Options that change no parameter of a method. */
const OF_TRAINING: readonly string[] = ["learningRate", "epochs"];

/** Tunes a method: gives its space, and its trials. */
export class MethodTuner {
  /** Tuning as specs have it. */
  readonly spec: TuningSpec;
  readonly #studied: StudiedMethod;
  readonly #trials = new Map<string, ResolvedMethod>();

  private constructor(trials: number, space: TuningSpec["space"], studied: StudiedMethod) {
    this.spec = { trials, space };
    this.#studied = studied;
  }

  /**
   * The tuner of a method; undefined where there is nothing to tune, as the study states all options of its space.
   * @throws {UsageError} if the method has no space, or the space has an option or a value that cannot be
   */
  static of(tuning: Tuning, studied: StudiedMethod): MethodTuner | undefined {
    const space = spaceOf(tuning, studied);
    if (Object.keys(space).length === 0) return undefined;
    const tuner = new MethodTuner(tuning.trials, space, studied);
    tuner.#requirePossible();
    return tuner;
  }

  /** The method with the options of a trial. @throws {UsageError} if they cannot be joined */
  trial(seed: number, trial: number): ResolvedMethod {
    const key = `${seed}/${trial}`;
    let resolved = this.#trials.get(key);
    if (!resolved) {
      const names = this.#studied.method.parts.map(({ name }) => name);
      resolved = this.#with(valuesOf(this.spec, names, seed, trial));
      this.#trials.set(key, resolved);
    }
    return resolved;
  }

  /** The method with these values. */
  #with(values: readonly TunedValue[]): ResolvedMethod {
    const { method: { parts }, training: { epochs: _, headLearningRate, ...training }, shape } = this.#studied;
    // A method that trains the classifier alone has the classifier's step size among its own options.
    const ofHead = headLearningRate !== undefined && !parts.some((part) => isProbe(part, shape)) &&
      { headLearningRate };
    // Joined methods have the same epochs.
    const shared = values.filter(({ option }) => option === "epochs").map(({ option, value }) => [option, value]);
    const entry = parts.map(({ name, options }) => {
      const own = values.filter(({ part }) => part === name).map(({ option, value }) => [option, value]);
      return [name, { ...options, ...Object.fromEntries([...own, ...shared]) }];
    });
    return resolveMethod(Object.fromEntries(entry), shape, { ...training, ...ofHead });
  }

  /** Tries the ends of each range and every value of each list by itself. */
  #requirePossible(): void {
    for (const [part, options] of Object.entries(this.spec.space)) {
      for (const [option, axis] of Object.entries(options)) {
        for (const value of isList(axis) ? axis : [axis.from, axis.to]) {
          try {
            const { parts } = this.#with([{ part, option, value }]);
            requireBounds(parts, this.#studied.shape);
          } catch (error) {
            if (error instanceof TypeError || !(error instanceof Error)) throw error;
            const reason = error.message.replace(/^Cannot [^:]*: /, "");
            throw new UsageError(`Cannot tune ${part} with ${option} ${showValue(value)} in its space: ${reason}`);
          }
        }
      }
    }
  }
}

function isProbe({ name, options }: PartSpec, shape: BackboneShape): boolean {
  return lookUp("method", methods, name).count(shape, optionsOf(options)) === 0;
}

function optionsOf(options: PartSpec["options"]): PartSpec["options"] & CommonOptions {
  return options as PartSpec["options"] & CommonOptions;
}

/** The space of each part of a method, those with nothing to tune left out. @throws {UsageError} if a method has none */
function spaceOf(
  { spaces = {} }: Tuning,
  { entry, method, training, shape, isStarted }: StudiedMethod,
): TuningSpec["space"] {
  const space: Record<string, Space> = {};
  let hasEpochs = false;
  for (const part of method.parts) {
    const given = Object.hasOwn(spaces, part.name) ? spaces[part.name] : undefined;
    const stated = new Set(Object.keys(partsOf(entry)[part.name] ?? {}));
    if (training.epochs !== undefined) stated.add("epochs");
    if (training.headLearningRate !== undefined && isProbe(part, shape)) stated.add("learningRate");
    const axes = Object.entries(given ?? declaredSpace(part.name)).filter(([option]) =>
      // Joined methods have the same epochs: one of them is tuned.
      !(option === "epochs" && hasEpochs) &&
      (given !== undefined || !stated.has(option) && (!isStarted || OF_TRAINING.includes(option)))
    );
    if (axes.length === 0) continue;
    hasEpochs ||= axes.some(([option]) => option === "epochs");
    space[part.name] = Object.fromEntries(axes.map(([option, axis]) => [option, wholeAxis(part.name, option, axis)]));
  }
  return space;
}

function declaredSpace(name: string): Space {
  const { space } = lookUp("method", methods, name);
  if (space) return space as Space;
  throw new UsageError(
    `Cannot tune ${name}: it must declare a space, or the study must give it one in tuning.spaces, it has none`,
  );
}

/** An axis that says that its values are whole numbers where the option has no others. */
function wholeAxis(name: string, option: string, axis: Axis): Axis {
  if (isList(axis) || axis.whole) return axis;
  const { properties = {} } = z.toJSONSchema(methods[name].options as unknown as z.ZodType, { io: "input" });
  return /"type":"integer"/.test(JSON.stringify(properties[option] ?? {})) ? { ...axis, whole: true } : axis;
}

/**
 * Makes sure that a study says for each option whether it is tuned or has a grid, and gives spaces to its own methods alone.
 * @throws {UsageError} if it does not
 */
export function requireTunable({ tuning, methods: entries, training, trial }: Study): void {
  if (!tuning) return;
  if (trial) throw new UsageError("Cannot tune trials: trial and tuning must not both be given");
  const { spaces = {} } = tuning;
  const studied = entries.map((entry) => partsOf(entry));
  const names = Object.fromEntries(studied.flatMap((parts) => Object.keys(parts)).map((name) => [name, name]));
  if (entries.length > 0) { for (const name of Object.keys(spaces)) lookUp("method of the study", names, name); }
  for (const parts of studied) {
    for (const [name, options] of Object.entries(parts)) {
      const space = Object.hasOwn(spaces, name) ? spaces[name] : lookUp("method", methods, name).space ?? {};
      const gridded = Object.keys(space).find((option) =>
        isGrid(options[option]) || option === "epochs" && isGrid(training.epochs)
      );
      if (gridded === undefined) continue;
      throw new UsageError(
        `Cannot tune ${name}: ${gridded} must be tuned or have a grid, it is in the space and has a grid; tuning.spaces can ` +
          "give a space without it",
      );
    }
  }
}
