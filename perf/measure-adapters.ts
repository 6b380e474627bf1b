/**
 * Many adapters on one model next to as many models: memory, and how long a text waits.
 * @module
 */
import { fileURLToPath } from "node:url";
import { workerArguments } from "../runs/launch/worker-process.ts";
import { type Report, withFiles } from "./comparison.ts";
import { PeerProcess } from "./peer-process.ts";
import type { Served, ServeJob, ServeOrder } from "./predict.ts";
import { describeChoices, MINILM, paths } from "./cases.ts";
import { median, megabytes, spread, table } from "./table.ts";

/** Methods whose adapters are measured unless others are asked for. */
const METHODS = ["prompt-tuning", "prefix-tuning", "lora"];
/** Numbers of adapters on one model. */
const ADAPTERS = [1, 10, 100];
/** Numbers of models, each with an adapter; more are not measured. */
const MODELS = [1, 3];
/** Texts of a batch. */
const TOGETHER = 32;
/** Most that memory may grow beyond the adapters' own size, as a share. */
const TOLERANCE = 0.05;

const pathOf = (file: string) => fileURLToPath(new URL(file, import.meta.url));

/** A token for every printable ASCII character. */
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

/** Makes the files of a comparison a folder that models are opened from. */
async function completeModel(folder: string): Promise<string> {
  const model = `${folder}/model`;
  await Deno.mkdir(model);
  const config = JSON.parse(await Deno.readTextFile(paths.config(folder)));
  await Deno.writeTextFile(`${model}/config.json`, JSON.stringify({ ...config, model_type: "bert" }));
  await Deno.writeTextFile(`${model}/tokenizer.json`, JSON.stringify(tokenizer));
  await Deno.rename(paths.weights(folder), `${model}/model.safetensors`);
  return model;
}

/** A copy of a model's files. */
async function copyModel(model: string, to: string): Promise<string> {
  await Deno.mkdir(to);
  for await (const { name, isFile } of Deno.readDir(model)) {
    if (isFile) await Deno.copyFile(`${model}/${name}`, `${to}/${name}`);
  }
  return to;
}

/** Something measured: adapters on one model, or models with one each. */
interface Side {
  count: number;
  models: boolean;
  contestant: PeerProcess;
  /** Single texts, each for the next adapter; batches of one adapter; batches of different ones. */
  times: { single: number[]; same: number[]; different: number[] };
  resident: number;
  before: number;
}

/** Bytes of the first adapters of a method, as they are stored. */
async function storedBytes(folder: string, count: number): Promise<number> {
  let bytes = 0;
  for (let at = 0; at < count; at++) bytes += (await Deno.stat(`${folder}/${at}/adapter_model.safetensors`)).size;
  return bytes;
}

/** Sides take turns; what they take is kept with each. */
async function takeTurns(sides: readonly Side[], rounds: number): Promise<void> {
  const orders: [keyof Side["times"], ServeOrder][] = [
    ["single", { lines: 1, different: true, calls: 10 }],
    ["same", { lines: TOGETHER, different: false, calls: 2 }],
    ["different", { lines: TOGETHER, different: true, calls: 2 }],
  ];
  for (const { contestant } of sides) await contestant.ask("ready");
  for (let round = 0; round < rounds; round++) {
    for (const side of sides) {
      for (const [kind, order] of orders) {
        const { milliseconds, resident, before } = await side.contestant.ask<Served>(JSON.stringify(order));
        side.times[kind].push(median(milliseconds));
        Object.assign(side, { resident, before });
      }
    }
  }
}

/**
 * Memory and latency of 1, 10 and 100 adapters on one model, and of 1 and 3 models.
 * @param methods whose adapters are measured
 * @param folder of the model; by default one of MiniLM's shape with random weights
 */
export async function measureAdapters(
  methods: readonly string[] = METHODS,
  folder: string | undefined,
  rounds: number,
): Promise<Report> {
  const rows: Record<string, string>[] = [];
  const violations: string[] = [];
  const spec = { sizes: MINILM, methods: [], texts: { count: 1, length: 1 } };
  await withFiles(spec, async (place) => {
    const model = folder ?? await completeModel(place);
    const most = Math.max(...ADAPTERS);
    const args = [
      ...workerArguments,
      pathOf("write-adapters.ts"),
      `${place}/adapters`,
      model,
      String(most),
      ...methods,
    ];
    if (!(await new Deno.Command(Deno.execPath(), { args }).spawn().status).success) {
      throw new Error("Cannot measure: the adapters could not be written");
    }
    const copies = [model];
    while (copies.length < Math.max(...MODELS)) copies.push(await copyModel(model, `${place}/copy-${copies.length}`));
    for (const method of methods) {
      const adapter = (at: number) => `${place}/adapters/${method}/${at}`;
      const start = (count: number, models: boolean): Side => {
        const job: ServeJob = {
          device: "cpu",
          models: models
            ? copies.slice(0, count).map((model, at) => ({ model, adapters: [adapter(at)] }))
            : [{ model, adapters: Array.from({ length: count }, (_, at) => adapter(at)) }],
        };
        const contestant = new PeerProcess(Deno.execPath(), [
          ...workerArguments,
          pathOf("predict.ts"),
          JSON.stringify(job),
        ]);
        return { count, models, contestant, times: { single: [], same: [], different: [] }, resident: 0, before: 0 };
      };
      const sides = [...ADAPTERS.map((count) => start(count, false)), ...MODELS.map((count) => start(count, true))];
      try {
        await takeTurns(sides, rounds);
      } finally {
        await Promise.all(sides.map(({ contestant }) => contestant.end()));
      }
      const [one] = sides;
      for (const { count, models, times, resident, before } of sides) {
        const stored = await storedBytes(`${place}/adapters/${method}`, count);
        const growth = resident - one.resident;
        const versus = (kind: keyof Side["times"]) =>
          spread(times[kind].map((time, round) => time / one.times[kind][round]), 2);
        rows.push({
          method,
          "what": models ? `${count} × model` : `${count} × adapter`,
          "adapters MB": (stored / 1e6).toFixed(1),
          "resident MB": megabytes(resident),
          "of the model MB": megabytes(resident - before),
          "grown by MB": (growth / 1e6).toFixed(1),
          "1 text ms": spread(times.single, 1),
          [`${TOGETHER} of one ms`]: spread(times.same, 0),
          [`${TOGETHER} of different ms`]: spread(times.different, 0),
          "1 text ÷ that of 1": versus("single"),
          [`${TOGETHER} different ÷ ${TOGETHER} of 1`]: spread(
            times.different.map((time, round) => time / one.times.same[round]),
            2,
          ),
        });
        const allowed = stored + TOLERANCE * one.resident;
        if (!models && growth > allowed) {
          violations.push(
            `Cannot hold ${count} adapters of ${method}: memory must grow by at most their size and ` +
              `${100 * TOLERANCE} %, ${megabytes(allowed)} MB, current value is ${megabytes(growth)} MB`,
          );
        }
      }
    }
  });
  const heading =
    `Adapters on one model, chosen per text, next to models with an adapter each (copies of its file, a ` +
    `program each; more than ${Math.max(...MODELS)} were not measured), ${folder ?? "MiniLM-L6 shape"}, texts of 16 ` +
    `characters; ${
      describeChoices({ device: "cpu", precision: "float32" })
    }. Every row is a process of its own; they take turns. ` +
    `Resident memory after all adapters were used; grown: more than with one adapter. Median (range) over ${rounds} rounds.`;
  return { text: `${heading}\n\n${table(rows)}`, violations };
}
