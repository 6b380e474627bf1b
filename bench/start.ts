/**
 * How long a command takes before it shows something.
 * @module
 */
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Longest wait for a first record, in milliseconds. */
const PATIENCE = 60_000;

function task(name: string, args: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", name, ...args],
    cwd: root,
    stdout: "null",
    stderr: "null",
  }).spawn();
}

async function hasRecord(folder: string): Promise<boolean> {
  try {
    for await (const { name } of Deno.readDir(`${folder}/runs`)) if (name.endsWith(".json")) return true;
    return false;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Milliseconds of `deno task bench` until its first record is on disk. */
async function firstRecord(): Promise<number> {
  const folder = await Deno.makeTempDir();
  const begun = performance.now();
  const child = task("bench", ["quick", "--out", folder]);
  try {
    while (!await hasRecord(folder)) {
      if (performance.now() - begun > PATIENCE) {
        throw new Error(`Cannot measure the start: deno task bench wrote no record in ${PATIENCE / 1000} s`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return performance.now() - begun;
  } finally {
    child.kill("SIGINT");
    await child.status;
    await Deno.remove(folder, { recursive: true });
  }
}

async function listing(): Promise<number> {
  const begun = performance.now();
  await task("list", []).status;
  return performance.now() - begun;
}

/** Times of the light command and of the first result, as text. */
export async function measureStart(): Promise<string> {
  const lists = [];
  for (let run = 0; run < 5; run++) lists.push(await listing());
  return `deno task list: ${lists.map((time) => time.toFixed(0)).join(", ")} ms\n` +
    `deno task bench, first record: ${(await firstRecord() / 1000).toFixed(1)} s`;
}
