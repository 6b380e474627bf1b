/**
 * Many adapters on one model next to as many models: memory, and how long a prediction takes.
 * @module
 */
import { describeCompute, MINILM } from "../cases.ts";
import { paths } from "../processes/files.ts";
import type { MeasuredProcess } from "../processes/measured-process.ts";
import { runProgram, startPredicting } from "../processes/start.ts";
import { withFiles } from "../processes/with-files.ts";
import type { PredictorSetup, PredictRequest, PredictRound } from "../programs/predict.ts";
import { median } from "../../reports/statistics/basics.ts";
import { mebibytes, type Report, type Row, spread, table } from "./report.ts";

/** Methods whose adapters are measured by default. */
const METHODS = ["prompt-tuning", "prefix-tuning", "lora"];
/** Numbers of adapters on one model. */
const ADAPTERS = [1, 10, 100];
/** Numbers of models with one adapter each; more would take too much memory. */
const MODELS = [1, 3];
/** Texts of a batch. */
const BATCH = 32;
/** How much more than the adapters' own size memory may grow, as a share of the memory with one adapter. */
const TOLERANCE = 0.05;

/** A tokenizer with a token for every printable ASCII character. */
const tokenizer = {
  normalizer: null,
  pre_tokenizer: null,
  model: {
    type: "BPE",
    vocab: Object.fromEntries(Array.from({ length: 95 }, (_, at) => [String.fromCharCode(32 + at), at])),
    merges: [],
  },
  post_processor: null,
  decoder: { type: "Fuse" },
  added_tokens: [],
};

/** Makes a folder that models are opened from out of the files of a comparison. */
async function makeModel(folder: string): Promise<string> {
  const model = `${folder}/model`;
  await Deno.mkdir(model);
  const config = JSON.parse(await Deno.readTextFile(paths.config(folder)));
  await Deno.writeTextFile(`${model}/config.json`, JSON.stringify({ ...config, model_type: "bert" }));
  await Deno.writeTextFile(`${model}/tokenizer.json`, JSON.stringify(tokenizer));
  await Deno.rename(paths.weights(folder), `${model}/model.safetensors`);
  return model;
}

/** Copies a model's files. */
async function copyModel(model: string, to: string): Promise<string> {
  await Deno.mkdir(to);
  for await (const { name, isFile } of Deno.readDir(model)) {
    if (isFile) await Deno.copyFile(`${model}/${name}`, `${to}/${name}`);
  }
  return to;
}

/** Requests of a round: single texts, each for the next adapter; batches for one adapter; batches for different ones. */
const REQUESTS = {
  single: { texts: 1, different: true, calls: 10 },
  same: { texts: BATCH, different: false, calls: 2 },
  different: { texts: BATCH, different: true, calls: 2 },
} satisfies Record<string, PredictRequest>;
type Kind = keyof typeof REQUESTS;

/** A process with adapters on one model, or with models of one adapter each, and what was measured of it. */
interface Side {
  count: number;
  /** Whether the models are counted, and not the adapters. */
  countsModels: boolean;
  process: MeasuredProcess;
  /** Milliseconds of a call, one a round. */
  times: Record<Kind, number[]>;
  /** Resident size after the last round, in bytes. */
  resident: number;
  /** Resident size before anything was opened, in bytes. */
  before: number;
}

/** Starts the processes of one method, whose adapters lie in `adapters`; the first has one adapter. */
function startSides(adapters: string, models: readonly string[]): Side[] {
  const adapter = (at: number) => `${adapters}/${at}`;
  const start = (count: number, countsModels: boolean, setup: PredictorSetup["models"]): Side => ({
    count,
    countsModels,
    process: startPredicting({ device: "cpu", models: setup }),
    times: { single: [], same: [], different: [] },
    resident: 0,
    before: 0,
  });
  return [
    ...ADAPTERS.map((count) => {
      const all = Array.from({ length: count }, (_, at) => adapter(at));
      return start(count, false, [{ model: models[0], adapters: all }]);
    }),
    ...MODELS.map((count) =>
      start(count, true, models.slice(0, count).map((model, at) => ({ model, adapters: [adapter(at)] })))
    ),
  ];
}

/** Measures the sides in turn, round by round, and ends their processes. */
async function measureSides(sides: readonly Side[], rounds: number): Promise<void> {
  try {
    // No process is measured while another still opens its models.
    for (const { process } of sides) await process.ask("ready");
    for (let round = 0; round < rounds; round++) {
      for (const side of sides) {
        for (const [kind, request] of Object.entries(REQUESTS)) {
          const { milliseconds, ...memory } = await side.process.ask<PredictRound>(JSON.stringify(request));
          side.times[kind as Kind].push(median(milliseconds));
          Object.assign(side, memory);
        }
      }
    }
  } finally {
    await Promise.all(sides.map(({ process }) => process.end()));
  }
}

/** Bytes of the first adapters of a folder, as they are stored. */
async function storedBytes(folder: string, count: number): Promise<number> {
  let bytes = 0;
  for (let at = 0; at < count; at++) bytes += (await Deno.stat(`${folder}/${at}/adapter_model.safetensors`)).size;
  return bytes;
}

/**
 * The row of a side.
 * @param one the side with one adapter
 * @param stored bytes of the side's adapters
 */
function rowOf(method: string, { count, countsModels, times, resident, before }: Side, one: Side, stored: number): Row {
  const ratio = (kind: Kind, base: Kind) => spread(times[kind].map((time, round) => time / one.times[base][round]), 2);
  return {
    method,
    "what": countsModels ? `${count} × model` : `${count} × adapter`,
    "adapters MiB": (stored / 2 ** 20).toFixed(1),
    "resident MiB": mebibytes(resident),
    "of the model MiB": mebibytes(resident - before),
    "grown by MiB": ((resident - one.resident) / 2 ** 20).toFixed(1),
    "1 text ms": spread(times.single, 1),
    [`${BATCH} of one ms`]: spread(times.same, 0),
    [`${BATCH} of different ms`]: spread(times.different, 0),
    "1 text ÷ that of 1": ratio("single", "single"),
    [`${BATCH} different ÷ ${BATCH} of 1`]: ratio("different", "same"),
  };
}

/** What is wrong with the growth of memory, as sentences. */
function growthViolations(method: string, { count, countsModels, resident }: Side, one: Side, stored: number) {
  const growth = resident - one.resident;
  const allowed = stored + TOLERANCE * one.resident;
  return countsModels || growth <= allowed ? [] : [
    `Cannot hold ${count} adapters of ${method}: memory must grow by at most their size and ` +
    `${100 * TOLERANCE} %, ${mebibytes(allowed)} MiB, current value is ${mebibytes(growth)} MiB`,
  ];
}

/**
 * Measures memory and latency of 1, 10 and 100 adapters on one model, and of 1 and 3 models.
 * @param methods whose adapters are measured
 * @param folder of the model; by default one of MiniLM's shape with random weights
 */
export async function measureAdapters(
  methods: readonly string[] = METHODS,
  folder: string | undefined,
  rounds: number,
): Promise<Report> {
  const rows: Row[] = [];
  const violations: string[] = [];
  const spec = { sizes: MINILM, methods: [], texts: { count: 1, length: 1 } };
  await withFiles(spec, async (files) => {
    const model = folder ?? await makeModel(files);
    const adapters = `${files}/adapters`;
    await runProgram("write-adapters.ts", [adapters, model, String(Math.max(...ADAPTERS)), ...methods]);
    const models = [model];
    while (models.length < Math.max(...MODELS)) models.push(await copyModel(model, `${files}/copy-${models.length}`));
    for (const method of methods) {
      const sides = startSides(`${adapters}/${method}`, models);
      await measureSides(sides, rounds);
      for (const side of sides) {
        const stored = await storedBytes(`${adapters}/${method}`, side.count);
        rows.push(rowOf(method, side, sides[0], stored));
        violations.push(...growthViolations(method, side, sides[0], stored));
      }
    }
  });
  const heading =
    `Adapters on one model, chosen per text, next to models with an adapter each (copies of its file, a ` +
    `program each; more than ${Math.max(...MODELS)} were not measured), ${folder ?? "MiniLM-L6 shape"}, texts of 16 ` +
    `characters; ${
      describeCompute({ device: "cpu", precision: "float32" })
    }. Every row is a process of its own; they take turns. ` +
    `Resident memory after all adapters were used; grown: more than with one adapter. Median (range) over ${rounds} rounds.`;
  return { text: `${heading}\n\n${table(rows)}`, violations };
}
