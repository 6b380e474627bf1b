/**
 * Runs command lines one after the other in one process, which loads the program once. Standard input: a line of JSON, the command
 * lines, each an array of arguments. Standard output: a line of JSON for each, {@linkcode Ended}.
 */
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import process from "node:process";
import { runArguments } from "../../cli/start/run-program.ts";

/** How a command line ended. */
export interface Ended {
  /** Exit status. */
  code: number;
  /** What it printed by `console.log`. */
  out: string;
  /** What it printed by `console.error`. */
  errors: string;
}

/** What command lines do that are started in a folder, in one process. */
export async function runLines(lines: string[][], cwd?: string, env?: Record<string, string>): Promise<Ended[]> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", fileURLToPath(import.meta.url)],
    cwd,
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const input = child.stdin.getWriter();
  await input.write(new TextEncoder().encode(JSON.stringify(lines)));
  await input.close();
  const { stdout } = await child.output();
  return new TextDecoder().decode(stdout).trim().split("\n").map((line) => JSON.parse(line));
}

if (import.meta.main) {
  const { log } = console;
  // Flags of the cache are put into variables.
  const variables = ["TUNEBENCH_CACHE", "HF_HUB_OFFLINE"].map((name) => [name, Deno.env.get(name)] as const);
  for (const args of JSON.parse(await text(process.stdin))) {
    const ended: Ended = { code: 0, out: "", errors: "" };
    console.log = (line = "") => ended.out += `${line}\n`;
    console.error = (line = "") => ended.errors += `${line}\n`;
    ended.code = await runArguments(args);
    for (const [name, value] of variables) value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value);
    log(JSON.stringify(ended));
  }
  Deno.exit();
}
