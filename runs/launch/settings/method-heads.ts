/**
 * The heads of a language model that a method of a study is run with.
 * @module
 */
import type { Model } from "../../../models/types.ts";
import type { StudiedTask } from "../../study/find-task.ts";
import type { Study } from "../../study/study.ts";
import type { HeadSpec } from "../../study/words/head.ts";
import { headsOf } from "../../study/words/resolve-head.ts";
import type { ResolvedMethod } from "../resolve-method.ts";

/**
 * The heads that a method of a study is run with: where nothing is trained, one for each template; otherwise the first, without a prior, as
 * training makes up for it.
 * @returns undefined in the place of a head where there is none: the method trains the classifier alone, or texts are generated
 */
export async function headsOfMethod(
  { head }: Study,
  model: Model,
  task: StudiedTask,
  { count, training: { epochs } }: ResolvedMethod,
): Promise<(HeadSpec | undefined)[]> {
  const isUntrained = epochs === 0;
  if (!head || count === 0 && !isUntrained) return [undefined];
  const heads = await headsOf(head, model, task);
  const [{ normalise, ...first }] = heads;
  return isUntrained ? heads : [{ ...first, ...normalise === "length" && { normalise } }];
}
