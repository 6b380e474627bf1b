/**
 * Accuracy next to PEFT's: the same examples, batches, schedule and step sizes, each library's own start values.
 * @module
 */
import { fileURLToPath } from "node:url";
import { Random } from "../base/random.ts";
import { compose } from "../methods/compose.ts";
import { methods } from "../methods/mod.ts";
import { parseOptions } from "../methods/options.ts";
import type { CommonOptions } from "../methods/types.ts";
import { mean, meanInterval, standardDeviation } from "../reports/statistics.ts";
import { epochBatches } from "../runs/training/batches.ts";
import { findModel } from "../runs/study/find-model.ts";
import type { Cell } from "../runs/study/cell.ts";
import { cellsOf } from "../runs/launch/cells.ts";
import { presets } from "../runs/study/presets.ts";
import { readRecords, type RunRecord } from "../runs/study/record.ts";
import { type PartSpec, runId, type RunSpec } from "../runs/study/spec.ts";
import { splitExamples } from "../runs/training/split.ts";
import { readStudy } from "../runs/study/study.ts";
import { writeJson } from "../base/files.ts";
import { tasks } from "../tasks/mod.ts";
import type { Example } from "../tasks/types.ts";
import { peersWork, type Report } from "./comparison.ts";
import { PeerProcess } from "./peer-process.ts";
import { runTask } from "./measure-start.ts";
import { THREADS } from "./cases.ts";
import { table } from "./table.ts";

/** What the peer is told of a run. */
interface PeerRun {
  /** Folder of the model. */
  folder: string;
  /** What is trained, and how. */
  spec: RunSpec;
  /** Number of classes. */
  classes: number;
  /** Most tokens of a text. */
  limit: number;
  /** Examples with their numbers of tokens. */
  splits: Record<"train" | "validation" | "test", { text: string; label: number; tokens: number }[]>;
  /** Indices of the training examples of each step, epoch by epoch. */
  batches: number[][][];
}

/** What the peer answers and what is kept of it. */
interface PeerResult {
  /** Of the test examples, at the kept epoch. */
  accuracy: number;
  /** Accuracy on the validation examples after each epoch. */
  validation: number[];
  /** The kept epoch, from 1. */
  bestEpoch: number;
  /** Loss of each step. */
  stepLoss: number[];
  /** Class of each test example. */
  predicted: number[];
  /** Number of trained values. */
  trainable: number;
}

/** Methods that PEFT lacks. */
const ALONE = ["adapter"];
/** Options that PEFT has no choice of: it reads and starts in its own way. */
const OWN_OPTIONS = ["reading", "std"];

const python = Deno.env.get("TUNEBENCH_PYTHON") ?? "python3";

/** The spec that the peer trains: runs that differ in what it does not know are one run to it. */
function peerSpec(spec: RunSpec): RunSpec {
  const method = spec.method.map(({ name, options }) => ({
    name,
    options: Object.fromEntries(Object.entries(options).filter(([key]) => !OWN_OPTIONS.includes(key))),
  }));
  return { ...spec, method };
}

/** A method as its row says it: parts with the options that are not the defaults. */
function label(parts: readonly PartSpec[]): string {
  return parts.map(({ name, options }) => {
    const defaults = parseOptions(methods[name], {}) as unknown as Record<string, unknown>;
    const others = Object.entries(options)
      .filter(([key, value]) => key !== "epochs" && JSON.stringify(value) !== JSON.stringify(defaults[key]))
      .map(([key, value]) => `${key} ${value}`);
    return others.length === 0 ? name : `${name} (${others.join(", ")})`;
  }).join(" + ");
}

/** Everything the peer needs to make the same run. */
async function peerRun({ spec, folder }: Cell): Promise<PeerRun> {
  const task = tasks[spec.task.name];
  if (task.kind !== "classification" || task.metrics[0] !== "accuracy") {
    throw new Error(`Cannot compare on ${task.name}: its first metric must be accuracy, it is ${task.metrics[0]}`);
  }
  const backbone = await (await findModel(folder ?? spec.model.name)).open();
  const parts = spec.method.map(({ name, options }) => ({
    method: methods[name],
    options: options as unknown as CommonOptions,
  }));
  const limit = Math.min(spec.training.maxLength, compose(parts, backbone).maxLength);
  const told = (examples: readonly Example[]) =>
    examples.map(({ text, label }) => ({ text, label, tokens: backbone.encode(text, limit).length }));
  const { train, validation, test } = splitExamples(await task.load(), spec.data, spec.seed);
  const splits = { train: told(train), validation: told(validation), test: told(test) };
  const lengths = splits.train.map(({ tokens }) => tokens);
  const { epochs, batchSize } = spec.training;
  return {
    folder: folder!,
    spec: peerSpec(spec),
    classes: task.labels.length,
    limit,
    splits,
    batches: Array.from(
      { length: epochs },
      (_, epoch) => epochBatches(lengths, batchSize, new Random(spec.seed, `order/epoch/${epoch + 1}`)),
    ),
  };
}

async function readResult(path: string): Promise<PeerResult | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Results of the peer by run id, made where they are missing. */
async function peerResults(cells: readonly Cell[], out: string): Promise<Map<string, PeerResult>> {
  const results = new Map<string, PeerResult>();
  await Deno.mkdir(`${out}/peft`, { recursive: true });
  let peer: PeerProcess | undefined;
  for (const [at, cell] of cells.entries()) {
    if (cell.spec.method.some(({ name }) => ALONE.includes(name))) continue;
    const path = `${out}/peft/${runId(peerSpec(cell.spec))}.json`;
    let result = await readResult(path);
    if (!result) {
      peer ??= new PeerProcess(python, [fileURLToPath(new URL("accuracy_peft.py", import.meta.url)), String(THREADS)]);
      result = await peer.ask<PeerResult>(JSON.stringify(await peerRun(cell)));
      await writeJson(path, result);
      console.error(
        `[${at + 1}/${cells.length}] PEFT: ${label(cell.spec.method)} on ${cell.spec.task.name}, ` +
          `seed ${cell.spec.seed}: accuracy ${result.accuracy.toFixed(3)}`,
      );
    }
    results.set(cell.id, result);
  }
  await peer?.end();
  return results;
}

const points = (share: number) => (100 * share).toFixed(1);

function summary(scores: readonly number[]): string {
  const deviation = standardDeviation(scores);
  return deviation === null ? points(mean(scores)) : `${points(mean(scores))} ± ${points(deviation)}`;
}

function paired(differences: readonly number[]): string {
  const interval = meanInterval(differences);
  const middle = points(mean(differences));
  return interval === null ? middle : `${middle} (${points(interval.low)} to ${points(interval.high)})`;
}

/** A row of one method: on one task, or on all. */
function row(of: string, cells: readonly Cell[], own: Map<string, RunRecord>, peers: Map<string, PeerResult>) {
  const ours = cells.map(({ id }) => own.get(id)!.scores.test.accuracy);
  const theirs = cells.flatMap(({ id }) => peers.get(id)?.accuracy ?? []);
  const both = theirs.length === ours.length;
  return {
    method: of,
    "TuneBench": summary(ours),
    "PEFT": both ? summary(theirs) : "",
    "difference (95 %)": both ? paired(ours.map((score, at) => score - theirs[at])) : "",
    "runs": String(cells.length),
    "trained values": String(own.get(cells[0].id)!.parameters.trainable),
    "of PEFT": both ? String(peers.get(cells[0].id)!.trainable) : "",
  };
}

/**
 * Runs a study here and with PEFT, and sets the accuracies side by side. What lies in `out` is not run again.
 * @param path of the study
 * @param folders of the models
 */
export async function measureAccuracy(path: string, folders: readonly string[], out: string): Promise<Report> {
  const study = { ...await readStudy(path, presets.quick.study), models: [...folders] };
  const cells = await cellsOf(study);
  await runTask("bench", [path, "--models", folders.join(","), "--out", out, "--jobs", "1"]);
  const own = new Map((await readRecords(out)).records.map((record) => [record.id, record]));
  const peers = await peersWork() ? await peerResults(cells, out) : new Map<string, PeerResult>();
  const byMethod = Map.groupBy(cells, ({ spec }) => label(spec.method));
  const texts: string[] = [];
  for (const model of new Set(cells.map(({ spec }) => spec.model.name))) {
    for (const task of [...study.tasks, ...study.tasks.length > 1 ? [undefined] : []]) {
      const rows = [...byMethod].map(([name, cells]) =>
        row(
          name,
          cells.filter(({ spec }) => spec.model.name === model && spec.task.name === (task ?? spec.task.name)),
          own,
          peers,
        )
      );
      texts.push(`${model}, ${task ?? "all tasks"}\n\n${table(rows)}`);
    }
  }
  const { train, validation, test } = study.data;
  const heading = `Test accuracy in per cent, mean ± standard deviation of the seeds ${study.seeds.join(", ")}; the ` +
    "difference is ours less PEFT's, with the 95 % interval of the pairs of runs. Both sides have the same " +
    `${train} training, ${validation} validation and at most ${test} test examples, batches, schedule and step sizes, ` +
    "and keep the epoch that is best on validation; each starts from its own start values. Unless the row says " +
    'otherwise, texts behind a prompt are read soundly here; PEFT reads as "reading peft" does.';
  return { text: [heading, ...texts].join("\n\n"), violations: [] };
}
