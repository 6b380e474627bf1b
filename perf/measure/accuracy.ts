/**
 * Accuracy next to PEFT's: the same examples, batches, learning rates and schedule; each library draws its own start
 * values.
 * @module
 */
import { writeJson } from "../../base/write-files.ts";
import { Random } from "../../base/random.ts";
import { compose } from "../../methods/adaptation/compose.ts";
import { methods } from "../../methods/mod.ts";
import { parseOptions } from "../../methods/shared/options.ts";
import type { CommonOptions } from "../../methods/types.ts";
import { mean, standardDeviation } from "../../reports/statistics/basics.ts";
import { meanInterval } from "../../reports/statistics/distributions.ts";
import { cellsOf } from "../../runs/launch/cells.ts";
import type { Cell } from "../../runs/study/cell.ts";
import { findModel } from "../../runs/study/find-model.ts";
import { presets } from "../../runs/study/presets.ts";
import type { RunRecord } from "../../runs/study/record.ts";
import { readRecords } from "../../runs/study/read-records.ts";
import { type PartSpec, runId, type RunSpec } from "../../runs/study/spec.ts";
import { readStudy } from "../../runs/study/study.ts";
import { epochBatches } from "../../runs/training/batches.ts";
import { splitExamples } from "../../runs/training/split.ts";
import { tasks } from "../../tasks/mod.ts";
import type { Example } from "../../tasks/types.ts";
import type { MeasuredProcess } from "../processes/measured-process.ts";
import { runTask } from "../processes/run-task.ts";
import { arePeersInstalled, startPeerRuns } from "../processes/start.ts";
import { type Report, type Row, table } from "./report.ts";

/** A run as the peer gets it. */
interface PeerRun {
  /** Folder of the model. */
  folder: string;
  /** What is trained, and how. */
  spec: RunSpec;
  /** Number of classes. */
  classes: number;
  /** Most tokens of a text; longer ones are cut. */
  limit: number;
  /** Examples with their numbers of tokens. */
  splits: Record<"train" | "validation" | "test", { text: string; label: number; tokens: number }[]>;
  /** Indices of the training examples of each step, epoch by epoch. */
  batches: number[][][];
}

/** The peer's answer, which is also kept as a file. */
interface PeerResult {
  /** Accuracy on the test examples with the values of the best epoch. */
  accuracy: number;
  /** Accuracy on the validation examples after each epoch. */
  validation: number[];
  /** The epoch with the best accuracy on the validation examples, from 1. */
  bestEpoch: number;
  /** Loss of each step. */
  stepLoss: number[];
  /** Predicted class of each test example. */
  predicted: number[];
  /** Number of trained values. */
  trainable: number;
}

/** Methods that PEFT does not have. */
const NOT_IN_PEFT = ["adapter"];
/** Options that PEFT does not have; it reads virtual tokens and draws start values in one way. */
const OPTIONS_NOT_IN_PEFT = ["reading", "std"];

/** The spec without the options that PEFT does not have, so that specs which differ in nothing else have one result. */
function peerSpec(spec: RunSpec): RunSpec {
  const method = spec.method.map(({ name, options }) => ({
    name,
    options: Object.fromEntries(Object.entries(options).filter(([key]) => !OPTIONS_NOT_IN_PEFT.includes(key))),
  }));
  return { ...spec, method };
}

/** A method's label: its parts, each with the options that are not the defaults. */
function label(parts: readonly PartSpec[]): string {
  return parts.map(({ name, options }) => {
    const defaults = parseOptions(methods[name], {}) as unknown as Record<string, unknown>;
    const others = Object.entries(options)
      .filter(([key, value]) => key !== "epochs" && JSON.stringify(value) !== JSON.stringify(defaults[key]))
      .map(([key, value]) => `${key} ${value}`);
    return others.length === 0 ? name : `${name} (${others.join(", ")})`;
  }).join(" + ");
}

/** A cell as a run for the peer. */
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
  const countTokens = (examples: readonly Example[]) =>
    Array.fromAsync(
      examples,
      async ({ text, label }) => ({ text, label, tokens: (await backbone.encode(text, limit)).length }),
    );
  const { train, validation, test } = splitExamples(await task.load(), spec.data, spec.seed);
  const splits = {
    train: await countTokens(train),
    validation: await countTokens(validation),
    test: await countTokens(test),
  };
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

/** The peer's results by run id; those that are not in `out` yet are computed and kept there. */
async function peerResults(cells: readonly Cell[], out: string): Promise<Map<string, PeerResult>> {
  const results = new Map<string, PeerResult>();
  await Deno.mkdir(`${out}/peft`, { recursive: true });
  let peer: MeasuredProcess | undefined;
  for (const [at, cell] of cells.entries()) {
    if (cell.spec.method.some(({ name }) => NOT_IN_PEFT.includes(name))) continue;
    const path = `${out}/peft/${runId(peerSpec(cell.spec))}.json`;
    let result = await readResult(path);
    if (!result) {
      peer ??= startPeerRuns();
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

const percentage = (share: number) => (100 * share).toFixed(1);

function describeScores(scores: readonly number[]): string {
  const deviation = standardDeviation(scores);
  return deviation === null ? percentage(mean(scores)) : `${percentage(mean(scores))} ± ${percentage(deviation)}`;
}

function describeDifferences(differences: readonly number[]): string {
  const interval = meanInterval(differences);
  const middle = percentage(mean(differences));
  return interval === null ? middle : `${middle} (${percentage(interval.low)} to ${percentage(interval.high)})`;
}

/** Both sides' results by run id. */
interface Results {
  records: ReadonlyMap<string, RunRecord>;
  peers: ReadonlyMap<string, PeerResult>;
}

/** The row of one method, on one task or on all. */
function rowOf(method: string, cells: readonly Cell[], { records, peers }: Results): Row {
  const ours = cells.map(({ id }) => records.get(id)!.scores.test.accuracy);
  const theirs = cells.flatMap(({ id }) => peers.get(id)?.accuracy ?? []);
  const both = theirs.length === ours.length;
  return {
    method,
    "TuneBench": describeScores(ours),
    "PEFT": both ? describeScores(theirs) : "",
    "difference (95 %)": both ? describeDifferences(ours.map((score, at) => score - theirs[at])) : "",
    "runs": String(cells.length),
    "trained values": String(records.get(cells[0].id)!.parameters.trainable),
    "of PEFT": both ? String(peers.get(cells[0].id)!.trainable) : "",
  };
}

/** The tables: one for each model and task, and one for each model over all tasks, if there are several. */
function accuracyTables(cells: readonly Cell[], taskNames: readonly string[], results: Results): string[] {
  const byMethod = Map.groupBy(cells, ({ spec }) => label(spec.method));
  const models = [...new Set(cells.map(({ spec }) => spec.model.name))];
  return models.flatMap((model) =>
    [...taskNames, ...taskNames.length > 1 ? [undefined] : []].map((task) => {
      const isShown = ({ spec }: Cell) => spec.model.name === model && (task ?? spec.task.name) === spec.task.name;
      const rows = [...byMethod].map(([name, cells]) => rowOf(name, cells.filter(isShown), results));
      return `${model}, ${task ?? "all tasks"}\n\n${table(rows)}`;
    })
  );
}

/**
 * Runs a study here and with PEFT, and compares the accuracies. What is in `out` already is not run again.
 * @param path of the study
 * @param folders of the models
 * @param out results folder
 */
export async function measureAccuracy(path: string, folders: readonly string[], out: string): Promise<Report> {
  const study = { ...await readStudy(path, presets.quick.study), models: [...folders] };
  const cells = await cellsOf(study);
  await runTask("bench", [path, "--models", folders.join(","), "--out", out, "--jobs", "1"]);
  const records = new Map((await readRecords(out)).records.map((record) => [record.id, record]));
  const peers = await arePeersInstalled() ? await peerResults(cells, out) : new Map<string, PeerResult>();
  const { train, validation, test } = study.data;
  const heading = `Test accuracy in per cent, mean ± standard deviation of the seeds ${study.seeds.join(", ")}; the ` +
    "difference is ours less PEFT's, with the 95 % interval of the pairs of runs. Both sides have the same " +
    `${train} training, ${validation} validation and at most ${test} test examples, batches, schedule and step sizes, ` +
    "and keep the epoch that is best on validation; each starts from its own start values. Unless the row says " +
    'otherwise, texts behind a prompt are read soundly here; PEFT reads as "reading peft" does.';
  const tables = accuracyTables(cells, study.tasks.filter((task) => typeof task === "string"), { records, peers });
  return { text: [heading, ...tables].join("\n\n"), violations: [] };
}
