/**
 * Writes a study's cells for the peer: token ids, labels and batches of each split of examples, and the start values of
 * each cell. It is a program of its own so that its memory and time are not measured with the others'.
 *
 *     deno run … perf/programs/write-study.ts FOLDER STUDY_JSON
 * @module
 */
import { Random } from "../../base/random.ts";
import { writeSafetensors } from "../../engine/safetensors.ts";
import type { Backbone } from "../../models/types.ts";
import { cellsOf } from "../../runs/launch/cells.ts";
import type { Cell } from "../../runs/study/cell.ts";
import type { Study } from "../../runs/study/study.ts";
import { epochBatches } from "../../runs/training/batches.ts";
import { openCell } from "../../runs/training/prepare.ts";
import type { Splits } from "../../runs/training/split.ts";
import type { Example } from "../../tasks/types.ts";
import { THREADS } from "../cases.ts";
import type { PeerCell, PeerExamples, PeerStudy } from "../processes/peer-study.ts";

const [folder, path] = Deno.args;

/** Token ids and classes. */
async function encode({ encode }: Backbone, examples: readonly Example[], limit: number) {
  const ids = await Array.fromAsync(examples, async ({ text, pair }) => [...await encode(text, limit, pair)]);
  return { ids, labels: examples.map(({ label }) => label) };
}

/** The examples of a task and a seed, and the batches of so many epochs. */
async function examplesOf(
  backbone: Backbone,
  splits: Splits<Example>,
  { spec: { training, seed } }: Cell,
  epochs: number,
): Promise<PeerExamples> {
  const [train, validation, test] = await Promise.all(
    [splits.train, splits.validation, splits.test].map((split) => encode(backbone, split, training.maxLength)),
  );
  const lengths = train.ids.map(({ length }) => length);
  const batchesOf = (epoch: number) =>
    epochBatches(lengths, training.batchSize, new Random(seed, `order/epoch/${epoch + 1}`));
  return { train, validation, test, batches: Array.from({ length: epochs }, (_, epoch) => batchesOf(epoch)) };
}

const asked: Study = JSON.parse(await Deno.readTextFile(path));
const cells = await cellsOf(asked);
const epochs = Math.max(...cells.map(({ spec }) => spec.training.epochs));
const examples: Record<string, PeerExamples> = {};
const peerCells: PeerCell[] = [];
let weights = "";
for (const cell of cells) {
  const { spec } = cell;
  const { trainingTask, task } = await openCell(spec, cell, THREADS);
  const { backbone, adaptation, splits, parameters } = trainingTask;
  const key = `${spec.task.name} ${spec.seed}`;
  examples[key] ??= await examplesOf(backbone, splits as Splits<Example>, cell, epochs);
  weights = Object.values(backbone.stored)[0].path;
  const start = await trainingTask.start(spec.seed);
  const inPlace = new Set(adaptation.trains.map(({ name }) => name));
  const drawn = parameters.filter(({ name }) => !inPlace.has(name));
  await writeSafetensors(
    `${folder}/${cell.id}.safetensors`,
    Object.fromEntries(drawn.map(({ name, shape }) => [name, { shape, data: start[name] }])),
  );
  const { method, training } = spec;
  const classes = "labels" in task ? task.labels.length : 0;
  peerCells.push({ id: cell.id, examples: key, method, training, classes });
}
const study: PeerStudy = { weights, cells: peerCells, examples };
await Deno.writeTextFile(`${folder}/study.json`, JSON.stringify(study));
