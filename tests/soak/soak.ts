/**
 * Interrupts a bench at random moments by SIGKILL, of itself or of one of its workers, starts it again each time, and compares
 * what it leaves with what an undisturbed bench leaves.
 * @module
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { kill } from "../../base/kill.ts";
import { Random } from "../../base/random.ts";
import type { RunRecord } from "../../runs/study/record.ts";
import { readRecords } from "../../runs/study/read-records.ts";

const cli = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));

/** Seconds between two looks at what goes on. */
const LOOK_EVERY = 0.02;

/** Seconds between two checkpoints: so few that most interrupted cells have one. */
const CHECKPOINT = "0.1";

/** What is interrupted, and how often. */
export interface SoakOptions {
  /** Folder for what the undisturbed and the disturbed bench leave. */
  folder: string;
  /** Path of a study.json. */
  study: string;
  /** Number of its cells. */
  cells: number;
  /** How many times SIGKILL is sent. */
  kills: number;
  /** Seed of the moments, and of who is killed. */
  seed: number;
  /** Called with what happens, in words. */
  tell?: (text: string) => void;
}

/** What came of it. */
export interface SoakOutcome {
  /** Seconds of the undisturbed bench and of the disturbed one. */
  seconds: { calm: number; disturbed: number };
  /** How many times the bench was killed, and how many times a worker. */
  killed: { bench: number; worker: number };
  /** Records of cells that went on from a checkpoint. */
  resumed: number;
  /** Most seconds that a worker lived on after its bench had been killed. */
  longestSurvival: number;
}

const sleep = (seconds: number) => new Promise((resolve) => setTimeout(resolve, 1000 * seconds));

interface Process {
  pid: number;
  parent: number;
  command: string;
}

/** All processes but those that have ended and are not waited for yet. */
async function processes(): Promise<Process[]> {
  const { stdout } = await new Deno.Command("ps", { args: ["-eo", "pid=,ppid=,stat=,args="] }).output();
  return new TextDecoder().decode(stdout).split("\n").flatMap((line) => {
    const [, pid, parent, stat, command] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    return pid === undefined || stat.startsWith("Z") ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
  });
}

/** The processes that run a program, among those that a bench has started, also through another process. */
async function startedBy(bench: number, program: string): Promise<number[]> {
  const all = await processes();
  const below = (pid: number): Process[] =>
    all.filter(({ parent }) => parent === pid).flatMap((child) => [child, ...below(child.pid)]);
  return below(bench).filter(({ command }) => command.includes(program)).map(({ pid }) => pid);
}

/** The workers of a bench. */
export const workersOf = (bench: number): Promise<number[]> => startedBy(bench, "launch/worker.ts");

/** Kills a process; it may just have ended. */
function killById(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound) && !(error instanceof TypeError)) throw error;
  }
}

/** A bench on a folder, with the lines of its events. */
class Bench {
  readonly child: Deno.ChildProcess;
  ended = false;

  constructor(study: string, private readonly out: string, checkpoint: string) {
    this.child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "-P=command", cli, "bench", study, "--out", out],
        ...["--checkpoint", checkpoint, "--events", `${out}.jsonl`],
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    this.child.status.then(() => this.ended = true);
  }

  /** Steps of training that all benches on the folder have told. */
  async steps(): Promise<number> {
    const text = await Deno.readTextFile(`${this.out}.jsonl`).catch(() => "");
    return text.split('"type":"step"').length - 1;
  }

  /** Waits until the condition holds, or the bench has ended. */
  async until(holds: () => Promise<boolean>): Promise<void> {
    while (!this.ended && !await holds()) await sleep(LOOK_EVERY);
  }
}

async function countRecords(out: string): Promise<number> {
  const names = await Array.fromAsync(Deno.readDir(`${out}/runs`)).catch(() => []);
  return names.filter(({ name }) => name.endsWith(".json")).length;
}

/** Kills the bench or one of its workers. @returns which, and for how many seconds workers outlived the bench */
async function interrupt(bench: Bench, random: Random): Promise<{ victim: "bench" | "worker"; survival: number }> {
  const workers = await workersOf(bench.child.pid);
  if (random.uniform() < 0.5 && workers.length > 0) {
    killById(workers[random.integer(workers.length)]);
    return { victim: "worker", survival: 0 };
  }
  // The command itself; the process that has started it then ends, too.
  for (const pid of await startedBy(bench.child.pid, "start/restricted.ts")) killById(pid);
  kill(bench.child);
  await bench.child.status;
  const killed = performance.now();
  while ((await processes()).some(({ pid }) => workers.includes(pid))) await sleep(LOOK_EVERY);
  return { victim: "bench", survival: (performance.now() - killed) / 1000 };
}

/** A record without time, memory as it was measured, and the moment of its run. */
export function reproducible({ time: _, memory: { planned }, environment, ...rest }: RunRecord): unknown {
  return { ...rest, planned, environment: { ...environment, started: null } };
}

/** SHA-256 of every file of a folder, by its path. */
async function hashes(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (!isDirectory) found[name] = createHash("sha256").update(await Deno.readFile(path)).digest("hex");
    else for (const [inner, hash] of Object.entries(await hashes(path))) found[`${name}/${inner}`] = hash;
  }
  return found;
}

/**
 * Interrupts a study again and again.
 * @throws {AssertionError} if it does not end with the records and adapters of an undisturbed bench, or leaves anything else
 */
export async function soak(
  { folder, study, cells, kills, seed, tell = () => {} }: SoakOptions,
): Promise<SoakOutcome> {
  const [calm, disturbed] = [`${folder}/calm`, `${folder}/disturbed`];
  const begun = performance.now();
  const { success } = await new Bench(study, calm, "0").child.status;
  assert.ok(success, "the undisturbed bench ends well");
  const seconds = { calm: (performance.now() - begun) / 1000, disturbed: 0 };
  tell(`undisturbed: ${seconds.calm.toFixed(0)} s`);

  const random = new Random(seed, "soak");
  const killed = { bench: 0, worker: 0 };
  let longestSurvival = 0;
  let bench = new Bench(study, disturbed, CHECKPOINT);
  const count = () => killed.bench + killed.worker;
  while (count() < kills) {
    const left = cells - await countRecords(disturbed);
    if (left === 0) break;
    if (bench.ended) bench = new Bench(study, disturbed, CHECKPOINT);
    // Half of the moments are drawn from when a worker is there, half from when one trains: opening a model takes most of the time.
    const before = await bench.steps();
    await bench.until(
      random.uniform() < 0.5
        ? async () => (await workersOf(bench.child.pid)).length > 0
        : async () => (await bench.steps()) > before,
    );
    // So that the study is not finished before the last kill, whatever it has cost so far.
    await sleep(random.uniform() * 2 * (seconds.calm / cells) * (left / (kills - count())));
    if (bench.ended) continue;
    const { victim, survival } = await interrupt(bench, random);
    killed[victim]++;
    longestSurvival = Math.max(longestSurvival, survival);
    if (count() % 10 === 0) tell(`${count()} kills, ${cells - left} of ${cells} cells recorded`);
  }
  await bench.child.status;
  const { success: ended } = await new Bench(study, disturbed, CHECKPOINT).child.status;
  assert.ok(ended, "the last bench ends well");
  seconds.disturbed = (performance.now() - begun) / 1000 - seconds.calm;

  const [expected, actual] = await Promise.all([calm, disturbed].map(readRecords));
  assert.equal(expected.records.length, cells);
  assert.deepEqual(actual.unreadable, []);
  for (const [at, record] of expected.records.entries()) {
    assert.equal(JSON.stringify(reproducible(actual.records[at])), JSON.stringify(reproducible(record)), record.id);
  }
  assert.equal(actual.records.length, cells);
  const adaptersOf = async (out: string) =>
    Object.entries(await hashes(`${out}/adapters`)).filter(([path]) => !path.includes(".tmp/")).sort();
  assert.deepEqual(await adaptersOf(disturbed), await adaptersOf(calm));
  const left = await Array.fromAsync(Deno.readDir(`${disturbed}/checkpoints`)).catch(() => []);
  assert.deepEqual(left.filter(({ name }) => !name.endsWith(".tmp")), [], "no checkpoint is left");
  const resumed = actual.records.filter(({ time }) => time.parts !== undefined).length;
  return { seconds, killed, resumed, longestSurvival };
}
