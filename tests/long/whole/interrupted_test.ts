import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { Random } from "../../../base/random.ts";
import type { RunRecord } from "../../../runs/study/record.ts";
import { readRecords } from "../../../runs/study/read-records.ts";
import { inFolder } from "../../in-folder.ts";

const cli = fileURLToPath(new URL("../../../cli/main.ts", import.meta.url));
const CELLS = 6;

function bench(out: string): Deno.ChildProcess {
  const args = ["bench", "smoke", "--methods", "linear-probe,prompt-tuning,lora", "--seeds", "2", "--out", out];
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-P=command", cli, ...args],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
}

/** Process ids of the command that a process of main.ts has started, and of that one's workers. */
async function startedBy(pid: number): Promise<number[]> {
  const commands = await childrenOf(pid);
  return [...commands, ...(await Promise.all(commands.map(childrenOf))).flat()];
}

/** Process ids of a process's children. */
async function childrenOf(pid: number): Promise<number[]> {
  const { stdout } = await new Deno.Command("ps", { args: ["-eo", "ppid=,pid="] }).output();
  const pairs = new TextDecoder().decode(stdout).trim().split("\n").map((line) => line.trim().split(/\s+/).map(Number));
  return pairs.filter(([parent]) => parent === pid).map(([, child]) => child);
}

async function isAlive(pid: number): Promise<boolean> {
  const { stdout } = await new Deno.Command("ps", { args: ["-o", "stat=", "-p", String(pid)] }).output();
  const state = new TextDecoder().decode(stdout).trim();
  return state !== "" && !state.startsWith("Z");
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
  for (let waited = 0; waited < 200; waited++) {
    if (await holds()) return;
    await sleep(100);
  }
  assert.fail(`waited 20 s for ${what}`);
}

/** A record without time, memory, and the moment and commit of its run. */
function reproducible({ time: _, memory: { planned }, environment, ...rest }: RunRecord): unknown {
  return { ...rest, planned, environment: { ...environment, suite: null, started: null } };
}

Deno.test("a bench that is killed three times at random moments ends with the records of an undisturbed one, and leaves no worker", () =>
  inFolder({}, async (folder) => {
    const [calm, disturbed] = [`${folder}/calm`, `${folder}/disturbed`];
    const before = performance.now();
    assert((await bench(calm).status).success);
    // A fifth of an undisturbed run at most each, so that the study is not finished before the last kill.
    const longest = (performance.now() - before) / 5;
    const random = new Random(Number(Deno.env.get("TUNEBENCH_KILL_SEED") ?? 1), "kill");
    for (let kill = 0; kill < 3; kill++) {
      const launcher = bench(disturbed);
      await until(async () => (await startedBy(launcher.pid)).length > 1, "a worker");
      await sleep(longest * random.uniform());
      const workers = await startedBy(launcher.pid);
      launcher.kill("SIGKILL");
      await launcher.status;
      await until(async () => !(await Promise.all(workers.map(isAlive))).some(Boolean), "the workers' end");
    }
    assert((await bench(disturbed).status).success);
    const [expected, actual] = await Promise.all([calm, disturbed].map(readRecords));
    assert.equal(expected.records.length, CELLS);
    assert.deepEqual(actual.unreadable, []);
    assert.deepEqual(actual.records.map(reproducible), expected.records.map(reproducible));
    const left = await Array.fromAsync(Deno.readDir(`${disturbed}/adapters`));
    assert.deepEqual(left.map(({ name }) => name).filter((name) => /^[0-9a-f]{16}$/.test(name)).length, CELLS);
  }));
