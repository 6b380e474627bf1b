/**
 * How long a command takes before it shows something, and training before its first step.
 * @module
 */
import { fileURLToPath } from "node:url";
import { runId } from "../runs/study/spec.ts";
import type { RunRecord } from "../runs/study/record.ts";
import { peersWork, peft, type Report, tuneBench, withFiles } from "./comparison.ts";
import type { PeerProcess } from "./peer-process.ts";
import { BATCH_SIZE, type Choices, LENGTH, MINILM } from "./cases.ts";
import { spread, table } from "./table.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Longest wait for a first record, in milliseconds. */
const PATIENCE = 60_000;
/** Runs of each command. */
const RUNS = 5;
/** Records that are reported: about as many as the preset standard has. */
const RECORDS = 225;
const METHOD = "lora";

function spawnTask(name: string, args: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", name, ...args],
    cwd: root,
    stdout: "null",
    stderr: "null",
  }).spawn();
}

/**
 * Runs a task of the project to its end.
 * @throws {Error} if it fails
 */
export async function runTask(name: string, args: readonly string[]): Promise<void> {
  const { success, code } = await spawnTask(name, args).status;
  if (!success) throw new Error(`Cannot measure deno task ${name}: its exit code must be 0, current value is ${code}`);
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1000;
}

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

/** Writes copies of the folder's first record under other seeds. */
async function multiplyRecord(folder: string): Promise<void> {
  const [name] = await recordsIn(folder);
  const record: RunRecord = JSON.parse(await Deno.readTextFile(`${folder}/runs/${name}`));
  for (let seed = 1; seed < RECORDS; seed++) {
    const spec = { ...record.spec, seed };
    const id = runId(spec);
    await Deno.writeTextFile(`${folder}/runs/${id}.json`, JSON.stringify({ ...record, spec, id }));
  }
}

async function firstStep(start: () => PeerProcess): Promise<void> {
  const contestant = start();
  await contestant.ask("1");
  await contestant.end();
}

/** Times of the light commands, to the first record and to the first step. */
export async function measureStart(choices: Choices): Promise<Report> {
  const withPeft = await peersWork();
  const rows: Record<string, string>[] = [];
  const row = (what: string, times: readonly number[]) => rows.push({ what, "s": spread(times, 2) });
  const repeat = async (work: () => Promise<void>) => {
    const times = [];
    for (let run = 0; run < RUNS; run++) times.push(await seconds(work));
    return times;
  };
  row("deno task list", await repeat(() => runTask("list", [])));
  const results = await Deno.makeTempDir({ prefix: "tunebench-perf-" });
  try {
    row("deno task bench, first record", [await seconds(() => firstRecord(results))]);
    await multiplyRecord(results);
    const args = [results, "--out", `${results}/report`];
    row(`deno task report, ${RECORDS} records`, await repeat(() => runTask("report", args)));
  } finally {
    await Deno.remove(results, { recursive: true });
  }
  const spec = { sizes: MINILM, methods: [METHOD], texts: { count: BATCH_SIZE, length: LENGTH } };
  await withFiles(spec, async (folder) => {
    const job = { ...choices, batchSize: BATCH_SIZE, epochs: 1 };
    row(`first step of ${METHOD}, TuneBench`, await repeat(() => firstStep(() => tuneBench(folder, METHOD, job))));
    if (!withPeft) return;
    row(`first step of ${METHOD}, PyTorch + PEFT`, await repeat(() => firstStep(() => peft(folder, METHOD, job))));
  });
  const heading =
    "Seconds from the start of the process, median (range); a first step: MiniLM-L6 shape, from loading " +
    "the libraries to the end of one step.";
  return { text: `${heading}\n\n${table(rows)}`, violations: [] };
}
