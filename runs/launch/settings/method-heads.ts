/**
 * The heads of a language model that a method of a study is run with.
 * @module
 */
import { lookUp, shorten, UsageError } from "../../../base/errors.ts";
import { methods } from "../../../methods/mod.ts";
import type { Model } from "../../../models/types.ts";
import { type StudiedTask, taskOfSpec } from "../../study/find-task.ts";
import type { Study } from "../../study/study.ts";
import { canonical } from "../../study/spec.ts";
import { type HeadSpec, LANGUAGE_MODEL, type StudyHead } from "../../study/words/head.ts";
import { headsOf } from "../../study/words/resolve-head.ts";
import { labelsOfTask, useOf } from "../../../tasks/types.ts";
import type { ValidAdapter } from "../../adapters/validate.ts";
import type { ResolvedMethod } from "../resolve-method.ts";

/**
 * The heads that a method of a study is run with: where nothing is trained, one for each template; otherwise the first, without a prior, as
 * training makes up for it.
 * @returns undefined in the place of a head where there is none: the method trains the classifier alone, or texts are generated
 * @throws {UsageError} if the method starts from a template, and there is none; or if it puts answered examples before texts that are to be
 * generated from
 */
export async function headsOfMethod(
  { head }: Study,
  model: Model,
  task: StudiedTask,
  { parts, count, training: { epochs } }: ResolvedMethod,
): Promise<(HeadSpec | undefined)[]> {
  const { kind } = taskOfSpec(task.task);
  const answered = parts.find(({ name }) => lookUp("method", methods, name).examples !== undefined);
  if (answered && kind !== "classification") {
    throw new UsageError(
      `Cannot use ${answered.name} for the task ${task.task.name}: the task must be one of classification, it is one of ${kind}`,
    );
  }
  const isUntrained = epochs === 0;
  const starting = parts.find(({ options }) => options.start === "template");
  if (!head && starting) {
    throw new UsageError(
      `Cannot use ${starting.name}: start must not be template where no template is, --head language-model has one`,
    );
  }
  if (!head || count === 0 && !isUntrained) return [undefined];
  const heads = await headsOf(head, model, task);
  const [{ normalise, ...first }] = heads;
  return isUntrained ? heads : [{ ...first, ...normalise === "length" && { normalise } }];
}

/**
 * The head that training from an adapter goes on with, if the study names none: that by whose words the adapter answers.
 * @returns undefined if it has none, or if texts are to be generated
 * @throws {UsageError} if its words are for other labels than the task has
 */
export function headFrom({ folder, note }: ValidAdapter, { task }: StudiedTask): StudyHead | undefined {
  const found = taskOfSpec(task);
  if (!note?.head || useOf(found.kind) === "generation") return undefined;
  const { template, words, normalise } = note.head;
  const { labels } = note.task;
  if (found.kind !== note.task.kind) {
    throw new UsageError(
      `Cannot start from ${folder} for the task ${task.name}: it must be one of ${note.task.kind}, as the adapter's is, it is one of ${found.kind}`,
    );
  }
  if (canonical(labelsOfTask(found)) !== canonical(labels)) {
    throw new UsageError(
      `Cannot start from ${folder} for the task ${task.name}: its labels must be those that the adapter has words for, ` +
        `${shorten(labels.join(", "))}; --head language-model takes the words of the task`,
    );
  }
  const ofLabels = Object.fromEntries(labels.map((label, at) => [label, words[at]]));
  return { name: LANGUAGE_MODEL, templates: [template], words: ofLabels, ...normalise && { normalise } };
}

/**
 * Makes sure that what a study says of heads is of use.
 * @param heads those of its settings
 * @throws {UsageError} if it gives classifiers a learning rate and there is none, or takes priors and every method is trained
 */
export function requireUsed({ head, training }: Study, heads: readonly (HeadSpec | undefined)[]): void {
  if (Object.hasOwn(training, "headLearningRate") && heads.every((head) => head)) {
    throw new UsageError("Cannot use training.headLearningRate: a method must have a classifier, with head none has");
  }
  const { normalise } = typeof head === "object" ? head : {};
  if (normalise === "prior" && heads.every((head) => head?.normalise !== normalise)) {
    throw new UsageError(
      "Cannot use head.normalise prior: a method must train nothing, such as hand-written, none does",
    );
  }
}
