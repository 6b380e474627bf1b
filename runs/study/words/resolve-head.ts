/**
 * The language model's heads that a study asks for, on a model and a task.
 * @module
 */
import { asUsageError, shorten, suggestion, UsageError } from "../../../base/errors.ts";
import type { BackboneShape } from "../../../models/types.ts";
import { isOfPairs, isReadFirst, parseTemplate } from "../../../tasks/templates/template.ts";
import { requireWording, type Wording, wordsOf } from "../../../tasks/templates/words.ts";
import type { Words } from "../../../tasks/types.ts";
import { type StudiedTask, taskOfSpec } from "../find-task.ts";
import type { HeadSpec, StudyHead } from "./head.ts";

/** A model by its name and shape. */
export interface Shaped {
  /** Its name. */
  name: string;
  /** Its shape. */
  shape: BackboneShape;
}

/** What a study says of a head, apart from its name. */
function saidBy(head: StudyHead): Wording & Pick<HeadSpec, "normalise"> {
  return typeof head === "string" ? {} : head;
}

/** Labels of a task that have words; none of multiple choice. @throws {UsageError} if it is of neither kind */
function labelsOf({ task }: StudiedTask): readonly string[] {
  const found = taskOfSpec(task);
  if (found.kind === "classification") return found.labels;
  if (found.kind === "multiple choice") return [];
  throw new UsageError(
    `Cannot use head for the task ${task.name}: it must be one of classification or multiple choice, it is one of ${found.kind}`,
  );
}

/**
 * Makes sure that a study's head suits its tasks.
 * @throws {UsageError} if a task is of another kind, or if words are for a label that no task has
 */
export function requireHead(head: StudyHead, studied: readonly StudiedTask[]): void {
  const labels = studied.flatMap((task) => labelsOf(task));
  const unknown = Object.keys(saidBy(head).words ?? {}).find((label) => !labels.includes(label));
  if (unknown === undefined) return;
  if (labels.length === 0) {
    throw new UsageError("Cannot use head.words: a task must have labels, of multiple choice none has");
  }
  throw new UsageError(
    `Cannot use words for the label ${shorten(unknown)}: ${suggestion(unknown, [...new Set(labels)])}`,
  );
}

/** Whether a task's examples are pairs to a template, as far as it is known before they are read: a pair with the choice in it is the answer. */
function hasPairs({ task, wording: { templates } }: StudiedTask): boolean | undefined {
  const found = taskOfSpec(task);
  if (found.kind === "multiple choice" && found.placeholder !== undefined) return false;
  return task.described ? task.described.columns.pair !== undefined : templates?.map(parseTemplate).some(isOfPairs);
}

/** @throws {UsageError} if a model does not choose among texts, or is to take priors from them */
function requireChooser(head: StudyHead, { name, shape: { languageModel } }: Shaped, task: string): void {
  if (!languageModel?.readTree) {
    const kind = languageModel ? "an encoder-decoder" : "a masked model";
    throw new UsageError(
      `Cannot use the model ${name} with head language-model for ${task}: it must be a decoder, as choices are texts of several tokens, it is ${kind}`,
    );
  }
  if (saidBy(head).normalise !== "prior") return;
  throw new UsageError(
    `Cannot use head.normalise prior for the task ${task}: it must be length, as choices differ from text to text`,
  );
}

/**
 * The heads of a study on a model and a task, one for each template that the model can read. The first is the one that methods are trained
 * with.
 * @throws {UsageError} if the model has no language model's head, if there is no template that it can read, or if templates or words do not
 * suit the task
 */
export async function headsOf(
  head: StudyHead,
  model: Shaped,
  studied: StudiedTask,
): Promise<HeadSpec[]> {
  const { task: { name }, wording } = studied;
  const { languageModel, maskedLanguageModel } = model.shape;
  if (!languageModel && !maskedLanguageModel) {
    throw new UsageError(
      `Cannot use the model ${model.name} with head language-model: it must have a language model's head, it has none`,
    );
  }
  const labels = labelsOf(studied);
  if (labels.length === 0) requireChooser(head, model, name);
  const { templates = wording.templates, words: given = {}, normalise } = saidBy(head);
  if (!templates) {
    throw new UsageError(
      `Cannot use head for the task ${name}: it must have a template, it has none; --template gives one, such as ` +
        '"{text} This is {answer}."',
    );
  }
  // Words may be for labels of other tasks of the study.
  const own: Words = Object.fromEntries(Object.entries(given).filter(([label]) => labels.includes(label)));
  const words = labels.length === 0 ? [] : await asUsageError(() => wordsOf(labels, { ...wording.words, ...own }));
  await asUsageError(() => requireWording({ templates }, labels, hasPairs(studied)));
  const readable = templates.filter((template) => !languageModel || isReadFirst(parseTemplate(template)));
  if (readable.length === 0) {
    throw new UsageError(
      `Cannot use the model ${model.name} with head language-model for ${name}: a template must have its texts before {answer}, ` +
        `as the model reads no further, current value is ${shorten(JSON.stringify(templates[0]))}`,
    );
  }
  return readable.map((template) => ({ template, words, ...normalise && { normalise } }));
}
