/**
 * The examples of a task of any kind, and how they are learnt.
 * @module
 */
import { type AnyTask, labelsOfTask, type TaskData, type TextInput } from "../../../tasks/types.ts";
import { readAdapterNote, textsOfModel } from "../../adapters/note.ts";
import { joinTexts, NO_TEXTS, readTexts, type SeenTexts } from "../../adapters/seen-texts.ts";
import type { LocalPaths } from "../../study/cell.ts";
import type { RunSpec } from "../../study/spec.ts";
import { classification } from "../classification.ts";
import { generation } from "../generation.ts";
import { type AlterSplits, type AnyExample, type Splits, splitsOf } from "../split.ts";
import type { TaskContext, TrainingTask } from "../training-task.ts";
import { choices } from "./choices.ts";
import { classes } from "./classes.ts";
import { type LoadedTask, loadExamples } from "./kept-examples.ts";
import { labelSets } from "./label-sets.ts";
import { numbers } from "./numbers.ts";

/** A task's examples, split: what it makes of them needs the backbone and the method besides. */
export interface ReadTask {
  /** They. */
  splits: Splits;
  /** What is made of them. */
  makeTrainingTask: (context: TaskContext) => Promise<TrainingTask>;
  /** Number of examples of each split, or of the pool, that the task has. */
  sizes: Record<string, number>;
}

/**
 * The texts that training starts from knowledge of: those of the adapter that a spec starts from, and those of an adapter that was folded
 * into the model.
 */
export async function seenBefore({ from: isStarted }: RunSpec, { folder, from }: LocalPaths): Promise<SeenTexts> {
  const ofAdapter = isStarted && from !== undefined ? readTexts((await readAdapterNote(from))?.texts) : NO_TEXTS;
  return joinTexts(ofAdapter, await textsOfModel(folder));
}

/**
 * Reads and splits the examples of a task.
 * @param seen the texts that training starts from knowledge of
 * @param taskFiles the folder of files that a user gives
 * @param alter changes the splits
 * @throws {Error} if they cannot be read, or not be split as the spec wants
 */
export function readTask(
  task: AnyTask,
  spec: RunSpec,
  { hashes }: SeenTexts,
  { taskFiles }: Pick<LocalPaths, "taskFiles">,
  alter: AlterSplits = (splits) => splits,
): Promise<ReadTask> {
  const given = spec.task.files;
  const files = given && taskFiles !== undefined ? { folder: taskFiles, files: given } : undefined;
  const read = async <E extends AnyExample>(
    loaded: LoadedTask<E>,
    make: (splits: Splits<E>, context: TaskContext) => Promise<TrainingTask>,
  ): Promise<ReadTask> => {
    const data = await loadExamples(loaded, files);
    const drawn = splitsOf(data, spec, hashes, labelsOfTask(task));
    const splits = alter(await withTexts(task, drawn), spec.seed);
    return { splits, makeTrainingTask: (context) => make(splits, context), sizes: sizesOf(data) };
  };
  switch (task.kind) {
    case "generation":
      return read(task, (splits, context) => generation(task, splits, context));
    case "classification":
      return read(task, (splits, context) => classification(task, classes(task), splits, context));
    case "regression":
      return read(task, (splits, context) => classification(task, numbers(task), splits, context));
    case "multi-label":
      return read(task, (splits, context) => classification(task, labelSets(task), splits, context));
    case "multiple choice":
      return read(task, (splits, context) => classification(task, choices(task), splits, context));
  }
}

async function withTexts<E extends TextInput>({ readTexts }: AnyTask, drawn: Splits<E>): Promise<Splits<E>> {
  if (!readTexts) return drawn;
  const { train, validation, test } = drawn;
  const read = await readTexts([...train, ...validation, ...test]);
  const [first, second] = [train.length, train.length + validation.length];
  return { train: read.slice(0, first), validation: read.slice(first, second), test: read.slice(second) };
}

function sizesOf(data: TaskData<TextInput>): ReadTask["sizes"] {
  return Object.fromEntries(Object.entries(data).map(([name, examples]) => [name, examples.length]));
}
