/**
 * Cells that a study leaves out.
 * @module
 */
import { showValue, UsageError } from "../../../base/errors.ts";
import { type MethodEntry, partsOf } from "./method-entry.ts";
import { canonical, type DataSpec, type TrainingSpec } from "../spec.ts";

/** What cells that are left out have in common; what an exclusion does not say may be anything. */
export interface Exclusion {
  /** Name of the model. */
  model?: string;
  /** Name of the task. */
  task?: string;
  /** The method, with those of its options that matter. */
  method?: MethodEntry;
  /** Numbers of examples. */
  data?: Partial<DataSpec>;
  /** Training options. */
  training?: Partial<TrainingSpec>;
}

/** What the cells of a setting are made from, as the study says it: options that it leaves out are not there. */
export type StudyPoint = Required<Exclusion>;

/** The exclusions of a study, and which of them a cell has met. */
export class Exclusions {
  readonly #exclusions: readonly Exclusion[];
  readonly #used = new Set<Exclusion>();

  /** Starts with none used. */
  constructor(exclusions: readonly Exclusion[] = []) {
    this.#exclusions = exclusions;
  }

  /** Whether the cells of a point are left out. */
  has(point: StudyPoint): boolean {
    const matching = this.#exclusions.filter((exclusion) => matches(exclusion, point));
    for (const exclusion of matching) this.#used.add(exclusion);
    return matching.length > 0;
  }

  /**
   * Makes sure that each exclusion has matched a point.
   * @throws {UsageError} if one has not: it says something else than its writer meant
   */
  requireUsed(): void {
    const unused = this.#exclusions.find((exclusion) => !this.#used.has(exclusion));
    if (!unused) return;
    throw new UsageError(
      `Cannot exclude ${showValue(unused)}: it must match a cell, with values that the study states, it matches none`,
    );
  }
}

function matches({ model, task, method, data, training }: Exclusion, point: StudyPoint): boolean {
  return (model === undefined || model === point.model) &&
    (task === undefined || task === point.task) &&
    (method === undefined || isMethod(partsOf(method), partsOf(point.method))) &&
    isPart(data, point.data) && isPart(training, point.training);
}

type Parts = ReturnType<typeof partsOf>;

function isMethod(wanted: Parts, given: Parts): boolean {
  return canonical(Object.keys(wanted).sort()) === canonical(Object.keys(given).sort()) &&
    Object.entries(wanted).every(([name, options]) => isPart(options, given[name]));
}

/** Whether an object has all the values of another. */
function isPart(wanted: object = {}, given: object): boolean {
  return Object.entries(wanted).every(([key, value]) =>
    Object.hasOwn(given, key) && canonical((given as Record<string, unknown>)[key]) === canonical(value)
  );
}
