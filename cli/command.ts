/**
 * What the commands share.
 * @module
 */
import type { Command } from "commander";
import { resolve } from "node:path";

/** Takes a command's exit status. */
export type SetStatus = (status: number) => void;

/** Adds a command to the program. */
export type AddCommand = (program: Command, setStatus: SetStatus) => void;

/** Flags of every command that reads models. */
export interface CacheFlags {
  /** Cache folder of what is fetched or converted. */
  cache?: string;
  /** Whether the network is off limits. */
  offline?: true;
}

/** Adds the flags `--cache` and `--offline`. */
export function withCacheFlags(command: Command, offline = "use models of the hub from the cache alone"): Command {
  return command
    .option("--cache <folder>", "cache folder of what is fetched or converted")
    .option("--offline", offline);
}

/** Hands the cache flags on, by environment variables, to everything that looks for files, workers included. */
export function useCache({ cache, offline }: CacheFlags): void {
  if (cache !== undefined) Deno.env.set("TUNEBENCH_CACHE", resolve(cache));
  if (offline) Deno.env.set("HF_HUB_OFFLINE", "1");
}
