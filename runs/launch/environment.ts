/**
 * The machine and the versions that a run takes place with.
 * @module
 */
import { createHash } from "node:crypto";
import os from "node:os";
import { fileURLToPath } from "node:url";
import config from "../../deno.json" with { type: "json" };
import type { Environment } from "../study/record.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The part of a record's environment that all runs of a command share; the worker adds the device. */
export async function readEnvironment(threads: number): Promise<Omit<Environment, "started" | "device">> {
  return {
    suite: {
      version: config.version,
      ...await readCommit(),
      lockSha256: createHash("sha256").update(await Deno.readFile(`${root}deno.lock`)).digest("hex"),
    },
    versions: {
      ...Deno.version,
      "@tensorflow/tfjs-core": pinned("@tensorflow/tfjs-core"),
      "@tensorflow/tfjs-backend-cpu": pinned("@tensorflow/tfjs-backend-cpu"),
    },
    os: `${os.type()} ${os.release()}`,
    arch: Deno.build.arch,
    processor: os.cpus()[0]?.model ?? "unknown",
    cores: navigator.hardwareConcurrency,
    memoryBytes: os.totalmem(),
    threads,
  };
}

function pinned(name: keyof typeof config.imports): string {
  return config.imports[name].replace(/^.*@/, "");
}

/** TuneBench's commit; null without git, and where its folder lies inside another repository. */
async function readCommit(): Promise<{ commit: string | null; dirty: boolean | null }> {
  const none = { commit: null, dirty: null };
  const head = await git("rev-parse", "HEAD", "--show-prefix");
  if (head === null) return none;
  const [commit, prefix] = head.split("\n");
  if (prefix !== "") return none;
  return { commit, dirty: (await git("status", "--porcelain", "--untracked-files=no")) !== "" };
}

async function git(...args: string[]): Promise<string | null> {
  try {
    const { success, stdout } = await new Deno.Command("git", { args: ["-C", root, ...args], stderr: "null" }).output();
    return success ? new TextDecoder().decode(stdout) : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
