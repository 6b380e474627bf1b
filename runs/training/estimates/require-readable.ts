/**
 * Whether a model can read what cells ask of it, before any of them is trained.
 * @module
 */
import { lookUp } from "../../../base/errors.ts";
import { compose, type Part } from "../../../methods/adaptation/compose.ts";
import { methods } from "../../../methods/mod.ts";
import type { CommonOptions } from "../../../methods/types.ts";
import type { ReadingModel } from "../../../models/types.ts";
import type { AnyTask, TaskData, TextInput } from "../../../tasks/types.ts";
import { requireFeatures } from "../../programs/classifier.ts";
import { weightsWithHead } from "../../programs/language-model.ts";
import { roomOf } from "../../programs/word-classifier.ts";
import type { CellsOfSetting } from "../../study/cell.ts";
import { taskOfSpec } from "../../study/find-task.ts";
import { canonical, type RunSpec } from "../../study/spec.ts";
import type { HeadSpec } from "../../study/words/head.ts";
import { readTask, seenBefore } from "../heads/read-task.ts";
import { chatPrompt, countLastTurn, requireLastTurn } from "../prompt.ts";
import type { Splits } from "../split.ts";
import { demonstrationsOf } from "../words/demonstrations.ts";
import { openWordReader } from "../words/word-reader.ts";

/** The splits of each seed of some cells. */
type ReadSplits = () => AsyncIterable<{ seed: number; splits: Splits }>;

/**
 * Makes sure that a model can read what cells ask of it: that it knows the words that it answers with, and that what stands around texts
 * leaves room for them. Examples are read only where they decide that: demonstrations, and the last turns of dialogues.
 * @throws {Error} one sentence, as the first of these cells would throw that cannot be run
 */
export async function requireReadable(model: ReadingModel, settings: readonly CellsOfSetting[]): Promise<void> {
  const isAsked = ({ spec: { head, training } }: CellsOfSetting) => head || training.outputLength !== undefined;
  const asked = settings.filter(isAsked);
  if (asked.length < settings.length) requireFeatures(model);
  const byTask = Map.groupBy(asked, ({ spec: { task }, taskFiles, tables }) => canonical([task, taskFiles, tables]));
  for (const [first, ...others] of byTask.values()) {
    const task = loadedOnce(taskOfSpec(first.spec.task, first.tables));
    const turns = new Map<string, number>();
    for (const setting of [first, ...others]) {
      const { spec } = setting;
      const read = () => splitsOf(setting, task);
      if (spec.head) await requireRoomInTemplate(model, spec, spec.head, read);
      else await requireRoomInPrompt(model, spec, task, read, turns);
    }
  }
}

/** A task whose examples are loaded once, however often they are asked for. */
function loadedOnce(task: AnyTask): AnyTask {
  let loaded: Promise<TaskData<TextInput>> | undefined;
  return { ...task, load: (files) => loaded ??= task.load(files) } as AnyTask;
}

async function* splitsOf({ seeds, ...setting }: CellsOfSetting, task: AnyTask): AsyncGenerator<
  { seed: number; splits: Splits }
> {
  const seen = await seenBefore(setting.spec, setting);
  for (const seed of seeds) {
    const { splits } = await readTask(task, { ...setting.spec, seed }, seen, setting);
    yield { seed, splits };
  }
}

function partsOf({ method }: RunSpec): Part[] {
  return method.map(({ name, options }) => ({
    method: lookUp("method", methods, name),
    options: options as CommonOptions,
  }));
}

/** @throws {Error} if words are unknown to the model, or if a template or demonstrations leave no room for a text */
async function requireRoomInTemplate(
  model: ReadingModel,
  spec: RunSpec,
  head: HeadSpec,
  read: ReadSplits,
): Promise<void> {
  const reader = await openWordReader(model, head);
  weightsWithHead(model, (model.languageModel ?? model.maskedLanguageModel)!);
  const parts = partsOf(spec);
  const most = compose(parts, model).maxLength - roomOf(reader.words);
  const limit = Math.min(spec.training.maxLength, most);
  await reader.encode("a", limit, "");
  if (!parts.some(({ method }) => method.examples)) return;
  for await (const { seed, splits } of read()) {
    await reader.behind(demonstrationsOf(parts, splits.train, seed), limit, most);
  }
}

/**
 * @param turns lengths of last turns that were counted, which is filled
 * @throws {Error} if a chat template leaves no room for a text, or if the last turn of a dialogue alone is too long
 */
async function requireRoomInPrompt(
  model: ReadingModel,
  spec: RunSpec,
  task: AnyTask,
  read: ReadSplits,
  turns: Map<string, number>,
): Promise<void> {
  weightsWithHead(model, model.languageModel!);
  const { maxLength, outputLength, chat } = spec.training;
  const room = compose(partsOf(spec), model).maxLength - (model.encoderDecoder ? 0 : outputLength!);
  const limit = Math.min(maxLength, room);
  if (chat) await chatPrompt(model, "a", limit);
  if (task.kind !== "generation" || !task.dialogue) return;
  for await (const { splits } of read()) {
    for (const { id, text } of Object.values(splits).flat()) {
      const key = `${chat} ${text}`;
      if (!turns.has(key)) turns.set(key, await countLastTurn(model, text, chat));
      requireLastTurn(id, turns.get(key)!, limit);
    }
  }
}
