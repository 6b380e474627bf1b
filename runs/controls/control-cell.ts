/**
 * The negative controls of a cell.
 * @module
 */
import { Random } from "../../base/random.ts";
import { writeJson } from "../../base/write-files.ts";
import { temporaryFolder } from "../../models/cache.ts";
import type { LocalPaths } from "../study/cell.ts";
import { type Control, controlPath, type ControlRecord } from "../study/controls/control-record.ts";
import type { Prediction } from "../study/record.ts";
import { methodName, runId, type RunSpec } from "../study/spec.ts";
import { openPredictor } from "../predict/predictor.ts";
import type { Answer } from "../predict/types.ts";
import type { CellOptions } from "../training/cell-runner.ts";
import { finishCell } from "../training/finish.ts";
import { type OpenCell, openCell, prepareCell } from "../training/prepare.ts";
import type { AlterSplits, AnyExample, Splits } from "../training/split.ts";
import { trainCell } from "../training/train.ts";
import type { TrainingTask } from "../training/training-task.ts";
import { mostByChance } from "./chance.ts";

/** The labels of the training and validation examples in another order. */
export function shuffleLabels<E extends AnyExample>(splits: Splits<E>, seed: number): Splits<E> {
  const shuffled = (examples: E[], name: string): E[] => {
    const labels = new Random(seed, `controls/${name}`).shuffle(examples.map(({ label }) => label));
    return examples.map((example, at) => ({ ...example, label: labels[at] }));
  };
  return {
    train: shuffled(splits.train, "train"),
    validation: shuffled(splits.validation, "validation"),
    test: splits.test,
  };
}

/** A test text takes the place of a training text. */
const plantTestText: AlterSplits = ({ train, validation, test }) => ({
  train: [test[0], ...train.slice(1)],
  validation,
  test,
});

/**
 * Trains a cell of classification three times, as it is and changed, and writes down what must hold of it.
 * @param shuffle makes the labels say nothing; another function plants a leak
 * @throws {Error} if the cell cannot be trained
 */
export async function controlCell(
  spec: RunSpec,
  options: LocalPaths & Pick<CellOptions, "threads" | "out">,
  shuffle: AlterSplits = shuffleLabels,
): Promise<ControlRecord> {
  const folder = await temporaryFolder("controls");
  try {
    const trained: CellOptions = { ...options, out: folder, keep: true, onProgress() {} };
    const open = (alter?: AlterSplits) => openCell(spec, options, options.threads, alter);
    const controls = [
      await shuffledLabels(await open(shuffle), trained),
      await noStep(await open(), trained),
      ...await savedAndRemoved(await open(), trained),
      await findsTestText(await open(plantTestText), trained),
    ];
    const [id, method] = [runId(spec), methodName(spec)];
    const record: ControlRecord = {
      ...{ version: 1, id, model: spec.model.name, task: spec.task.name, method, seed: spec.seed },
      controls,
    };
    await Deno.mkdir(`${options.out}/controls`, { recursive: true });
    await writeJson(controlPath(options.out, id), record);
    return record;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The classes that were predicted. */
const classesOf = (predictions: readonly Prediction[]) => predictions.map(({ predicted }) => predicted);

/** Number of places in which two lists differ. */
const differences = (a: readonly unknown[], b: readonly unknown[]) => a.filter((value, at) => value !== b[at]).length;

async function shuffledLabels(cell: OpenCell, options: CellOptions): Promise<Control> {
  const prepared = await prepareCell(cell, options);
  const { parameters } = await trainCell(prepared, options.onProgress);
  const { predictions } = await prepared.evaluator.evaluate("test", parameters);
  await prepared.evaluator.release();
  const labels = cell.trainingTask.splits.test.map(({ label }) => label);
  const right = labels.length - differences(labels, classesOf(predictions));
  const counts = [...Map.groupBy(labels, (label) => label).values()].map((same) => same.length);
  const most = mostByChance(labels.length, Math.max(...counts) / labels.length);
  return {
    name: "shuffled labels teach nothing",
    passed: right <= most,
    detail: `${right} of ${labels.length} test answers are right, the most frequent class has ${
      Math.max(...counts)
    }, chance explains at most ${most}`,
  };
}

async function noStep(cell: OpenCell, options: CellOptions): Promise<Control> {
  const task = cell.trainingTask;
  const still: TrainingTask = {
    ...task,
    // The spread would keep the examples of now, and a cache may take their place.
    get trainExamples() {
      return task.trainExamples;
    },
    parameters: task.parameters.map((parameter) => ({ ...parameter, learningRate: 0 })),
  };
  const prepared = await prepareCell({ ...cell, trainingTask: still }, options);
  const before = await prepared.evaluator.evaluate("test", await prepared.training!.read());
  const { parameters } = await trainCell(prepared, options.onProgress);
  const after = await prepared.evaluator.evaluate("test", parameters);
  await prepared.evaluator.release();
  const changed = differences(classesOf(before.predictions), classesOf(after.predictions));
  return {
    name: "a step size of zero changes nothing",
    passed: changed === 0,
    detail: `${changed} of ${before.predictions.length} test answers differ from those before training`,
  };
}

async function savedAndRemoved(cell: OpenCell, options: CellOptions): Promise<Control[]> {
  const before = await backboneOutput(cell, options.threads);
  const prepared = await prepareCell(cell, options);
  const { predictions } = await finishCell(prepared, await trainCell(prepared, options.onProgress), options);
  const after = await backboneOutput(cell, options.threads);
  const answers = await answersOf(cell, options);
  const labels = cell.task.kind === "classification" ? cell.task.labels : [];
  const loaded = answers.map((answer) => "label" in answer ? labels.indexOf(answer.label) : -1);
  const wrong = differences(classesOf(predictions), loaded);
  const moved = differences([...before], [...after]);
  return [
    {
      name: "an adapter that is saved and loaded answers the same",
      passed: wrong === 0,
      detail: `${wrong} of ${predictions.length} test answers differ`,
    },
    {
      name: "without the adapter the backbone is as before",
      passed: moved === 0,
      detail: `${moved} of ${before.length} values of the backbone's output differ`,
    },
  ];
}

/** What the backbone alone makes of a few texts. */
async function backboneOutput({ device, spec, trainingTask }: OpenCell, threads: number): Promise<Float32Array> {
  const { backbone: { program, signature }, inputs, output } = trainingTask.identity;
  const small = spec.memory === "small";
  const executable = await device.compile(program, signature, { threads, small, precision: spec.precision });
  const outputs = await executable.run({ parameters: {}, inputs });
  const values = outputs[output].slice();
  await executable.release();
  return values;
}

/** Answers to the test texts, by what was written. */
async function answersOf({ spec, trainingTask }: OpenCell, { folder, out, threads }: CellOptions): Promise<Answer[]> {
  const predictor = await openPredictor({
    model: folder ?? spec.model.name,
    adapters: [`${out}/adapters/${runId(spec)}`],
    device: spec.device,
    threads,
  });
  const lines = trainingTask.splits.test.map(({ text, pair }) => ({ text, pair }));
  const answers = await Array.fromAsync(predictor.predict(lines));
  await predictor.release();
  return answers;
}

async function findsTestText(cell: OpenCell, options: CellOptions): Promise<Control> {
  const name = "a test text among the training texts is found";
  try {
    const prepared = await prepareCell(cell, options);
    await prepared.training!.release();
    await prepared.evaluator.release();
    return { name, passed: false, detail: "the run was not refused" };
  } catch (error) {
    const { message } = error as Error;
    return { name, passed: message.includes("no test text in train"), detail: message };
  }
}
