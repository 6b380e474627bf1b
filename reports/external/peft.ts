/**
 * Results of others: those of PEFT's method comparison, a file of JSON for each experiment
 * (https://github.com/huggingface/peft, folder method_comparison). They have one seed and no predictions, other data and other
 * machines: they are shown, and never compared with runs.
 * @module
 */
import { z } from "zod";
import { shorten, UsageError } from "../../base/errors.ts";
import { readJson } from "../../base/files.ts";
import { describeFault } from "../../base/schema.ts";
import type { UnreadableRecord } from "../../runs/study/read-records.ts";

/** An experiment of others. */
export interface ExternalRow {
  /** Its name: "lora/llama-3.2-3B-rank32". */
  experiment: string;
  /** The method, as PEFT calls it; "full fine-tuning" where PEFT trained the model itself. */
  method: string;
  /** The model. */
  model: string;
  /** Names of the data sets. */
  data: string;
  /** Scores on the test set, and others that were measured after training, by name. */
  scores: Record<string, number>;
  /** The seed. */
  seed: number | null;
  /** Number of trained values. */
  trained: number | null;
  /** Bytes of the file that has to be kept. */
  stored: number | null;
  /** Most bytes of the accelerator's memory. */
  memory: number | null;
  /** Seconds in training. */
  seconds: number | null;
  /** Version of PEFT, and the accelerator. */
  place: string;
  /** When it ran. */
  created: string;
}

/** Results of others. */
export interface ExternalResults {
  /** The file or folder that they were read from. */
  path: string;
  /** The latest of each experiment, by model, data and name. */
  rows: ExternalRow[];
  /** Experiments that did not end well, which have no scores. */
  unfinished: string[];
  /** Files that hold no such results. */
  unreadable: UnreadableRecord[];
}

/** Bytes of the longest file that is read. */
const LONGEST = 1 << 24;

const amount = z.number().nonnegative().nullish();
const schema = z.object({
  run_info: z.object({
    created_at: z.string(),
    experiment_name: z.string(),
    train_config: z.object({ model_id: z.string(), seed: z.int().nullish(), dataset_id: z.string().nullish() }),
    peft_config: z.object({ peft_type: z.string() }).nullish(),
  }),
  train_info: z.object({
    status: z.string(),
    metrics: z.array(z.record(z.string(), z.unknown())),
    train_time: amount,
    file_size: amount,
    num_trainable_params: amount,
    accelerator_memory_max: amount,
    // Its name before July 2025.
    cuda_memory_max: amount,
  }),
  meta_info: z.object({
    dataset_info: z.record(z.string(), z.unknown()).nullish(),
    package_info: z.object({ "peft-version": z.string().nullish() }).nullish(),
    system_info: z.object({ accelerator: z.string().nullish(), gpu: z.string().nullish() }).nullish(),
  }),
});

/** What the last entry of the metrics tells besides its scores. */
const NO_SCORES = /^(step|train |eval |valid |elapsed |mem |tokens )/;

function rowOf({ run_info, train_info, meta_info }: z.infer<typeof schema>): ExternalRow {
  const { train_config: { model_id, seed, dataset_id }, peft_config } = run_info;
  const { dataset_info, package_info, system_info } = meta_info;
  // A list of data sets, or what is known of the only one.
  const data = Object.entries(dataset_info ?? {}).filter(([, value]) => value !== null && typeof value === "object");
  const scores = Object.entries(train_info.metrics.at(-1) ?? {})
    .filter((entry): entry is [string, number] => typeof entry[1] === "number" && !NO_SCORES.test(entry[0]));
  return {
    experiment: run_info.experiment_name,
    method: peft_config?.peft_type ?? "full fine-tuning",
    model: model_id,
    data: data.map(([name]) => name).join(", ") || (dataset_id ?? "data not named"),
    scores: Object.fromEntries(scores),
    seed: seed ?? null,
    trained: train_info.num_trainable_params ?? null,
    stored: train_info.file_size ?? null,
    memory: train_info.accelerator_memory_max ?? train_info.cuda_memory_max ?? null,
    seconds: train_info.train_time ?? null,
    place: [package_info?.["peft-version"], system_info?.accelerator ?? system_info?.gpu]
      .filter((part) => typeof part === "string").join(", "),
    created: run_info.created_at,
  };
}

/** The paths of the files of JSON that a path names: itself, or those of a folder. */
async function filesOf(path: string): Promise<string[]> {
  try {
    if (!(await Deno.stat(path)).isDirectory) return [path];
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new UsageError(`Cannot read results of others: ${shorten(path)} must be a file or a folder, there is none`);
  }
  const names = await Array.fromAsync(Deno.readDir(path), ({ name }) => name);
  return names.filter((name) => name.endsWith(".json")).sort().map((name) => `${path}/${name}`);
}

/**
 * Reads results of PEFT's method comparison.
 * @param path a file, or a folder of such files
 * @throws {UsageError} if nothing there can be read
 */
export async function readPeftResults(path: string): Promise<ExternalResults> {
  const latest = new Map<string, ExternalRow>();
  const unfinished = new Set<string>();
  const unreadable: UnreadableRecord[] = [];
  for (const file of await filesOf(path)) {
    try {
      const value = await readJson(file, LONGEST);
      const { data, error } = schema.safeParse(value);
      if (error) throw new Error(describeFault(error, value));
      const row = rowOf(data);
      if (data.train_info.status !== "success") {
        unfinished.add(row.experiment);
        continue;
      }
      const key = JSON.stringify([row.experiment, row.model, row.data]);
      const other = latest.get(key);
      if (other === undefined || other.created < row.created) latest.set(key, row);
    } catch (error) {
      const reason = (error as Error).message.replace(`Cannot read ${file}: `, "");
      unreadable.push({ path: file, reason: `it must be of PEFT's method comparison, ${reason}` });
    }
  }
  if (latest.size === 0 && unfinished.size === 0) {
    throw new UsageError(
      `Cannot read results of others: ${
        shorten(path)
      } must hold results of PEFT's method comparison, current number is 0${
        unreadable.slice(0, 3).map(({ path, reason }) => `; ${shorten(path)}: ${reason}`).join("")
      }`,
    );
  }
  const keyOf = ({ model, data, experiment }: ExternalRow) => `${model}\n${data}\n${experiment}`;
  const rows = [...latest.values()].sort((a, b) => keyOf(a) < keyOf(b) ? -1 : 1);
  return { path, rows, unfinished: [...unfinished].sort(), unreadable };
}
