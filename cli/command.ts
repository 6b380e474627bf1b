/**
 * What all commands need: how they are added to the program, and the flags on the cache.
 * @module
 */
import type { Command } from "commander";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { UsageError } from "../base/errors.ts";

/** Takes the exit status of the command that ran. */
export type SetStatus = (status: number) => void;

/** Adds a command to the program. */
export type AddCommand = (program: Command, setStatus: SetStatus) => void;

/** Flags of every command that reads models. */
export interface CacheFlags {
  /** Cache folder of what is fetched or converted. */
  cache?: string;
  /** Whether the network must not be used. */
  offline?: true;
}

/** Adds the flags `--cache` and `--offline`. */
export function withCacheFlags(command: Command, offline = "use models of the hub from the cache alone"): Command {
  return command
    .option("--cache <folder>", "cache folder of what is fetched or converted")
    .option("--offline", offline);
}

/** Adds the flag `--plugin`. */
export function withPlugins(command: Command): Command {
  return command.option(
    "--plugin <file>",
    "a file of yours that defines methods, tasks or models; repeat the flag for others",
    (file: string, before: readonly string[] = []) => [...before, file],
  );
}

/** Whether there is something at a path; not at one that this process may not look at, as main.ts has found that no path was meant. */
function isThere(path: string): boolean {
  try {
    return existsSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return false;
    throw error;
  }
}

/**
 * Takes in one value of a flag that may be repeated: a list joined by commas, or a path that exists, which may have commas.
 * @param before the values taken in so far
 */
export function collectList(value: string, before: readonly string[] = []): string[] {
  return [...before, ...isThere(value) ? [value] : value.split(",").map((part) => part.trim())];
}

/** The value of a flag that counts; undefined where it was not given. @throws {UsageError} if it is no whole number from 1 */
export function readCount(flag: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^[1-9]\d*$/.test(value)) return Number(value);
  throw new UsageError(`Cannot read ${flag}: it must be a whole number from 1, current value is ${value}`);
}

/** Puts the cache flags into environment variables, where all code that looks for files finds them, in workers too. */
export function useCache({ cache, offline }: CacheFlags): void {
  if (cache !== undefined) Deno.env.set("TUNEBENCH_CACHE", resolve(cache));
  if (offline) Deno.env.set("HF_HUB_OFFLINE", "1");
}
