/**
 * How long a command takes before it shows something, and training before its first step.
 * @module
 */
import type { RunRecord } from "../../runs/study/record.ts";
import { runId } from "../../runs/study/spec.ts";
import { BATCH_SIZE, type ComputeOptions, LENGTH, MINILM } from "../cases.ts";
import { askOnce } from "../processes/alternate.ts";
import { runTask, spawnTask } from "../processes/run-task.ts";
import { arePeersInstalled, startPeft, startTraining } from "../processes/start.ts";
import { withFiles, withTemporaryFolder } from "../processes/with-files.ts";
import { type Report, type Row, spread, table } from "./report.ts";

/** Longest wait for a first record, in milliseconds. */
const PATIENCE = 60_000;
/** How often each command is run. */
const RUNS = 5;
/** Records that are reported: about as many as the preset standard has. */
const RECORDS = 225;
const METHOD = "lora";

/** Duration of some work in seconds. */
export async function timeSeconds(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1000;
}

async function timeRepeatedly(work: () => Promise<unknown>): Promise<number[]> {
  const times = [];
  for (let run = 0; run < RUNS; run++) times.push(await timeSeconds(work));
  return times;
}

/** File names of the records in a results folder. */
async function recordsIn(folder: string): Promise<string[]> {
  try {
    const names = await Array.fromAsync(Deno.readDir(`${folder}/runs`), ({ name }) => name);
    return names.filter((name) => name.endsWith(".json"));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Runs `bench quick` until its first record is in the folder. */
async function firstRecord(folder: string): Promise<void> {
  const begun = performance.now();
  const child = spawnTask("bench", ["quick", "--out", folder]);
  try {
    while ((await recordsIn(folder)).length === 0) {
      if (performance.now() - begun > PATIENCE) {
        throw new Error(`Cannot measure the start: deno task bench wrote no record in ${PATIENCE / 1000} s`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  } finally {
    child.kill("SIGINT");
    await child.status;
  }
}

/** Copies the folder's first record with other seeds, until there are `RECORDS`. */
async function multiplyRecord(folder: string): Promise<void> {
  const [name] = await recordsIn(folder);
  const record: RunRecord = JSON.parse(await Deno.readTextFile(`${folder}/runs/${name}`));
  for (let seed = 1; seed < RECORDS; seed++) {
    const spec = { ...record.spec, seed };
    const id = runId(spec);
    await Deno.writeTextFile(`${folder}/runs/${id}.json`, JSON.stringify({ ...record, spec, id }));
  }
}

/** Measures the light commands, the time to a study's first record, and the time to the first training step. */
export async function measureStart(compute: ComputeOptions): Promise<Report> {
  const withPeft = await arePeersInstalled();
  const rows: Row[] = [];
  const addRow = (what: string, times: readonly number[]) => rows.push({ what, "s": spread(times, 2) });
  addRow("deno task list", await timeRepeatedly(() => runTask("list", [])));
  await withTemporaryFolder(async (results) => {
    addRow("deno task bench, first record", [await timeSeconds(() => firstRecord(results))]);
    await multiplyRecord(results);
    const args = [results, "--out", `${results}/report`];
    addRow(`deno task report, ${RECORDS} records`, await timeRepeatedly(() => runTask("report", args)));
  });
  const spec = { sizes: MINILM, methods: [METHOD], texts: { count: BATCH_SIZE, length: LENGTH } };
  await withFiles(spec, async (folder) => {
    const options = { ...compute, batchSize: BATCH_SIZE, epochs: 1 };
    const firstStep = (start: typeof startTraining) => () => askOnce(start(folder, METHOD, options), "1");
    addRow(`first step of ${METHOD}, TuneBench`, await timeRepeatedly(firstStep(startTraining)));
    if (!withPeft) return;
    addRow(`first step of ${METHOD}, PyTorch + PEFT`, await timeRepeatedly(firstStep(startPeft)));
  });
  const heading =
    "Seconds from the start of the process, median (range); a first step: MiniLM-L6 shape, from loading " +
    "the libraries to the end of one step.";
  return { text: `${heading}\n\n${table(rows)}`, violations: [] };
}
