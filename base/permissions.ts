/**
 * What a process of Deno may touch, as the flags that it is started with.
 * @module
 */
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** What a process may touch; what is left out it may not. */
export interface Permissions {
  /** Files and folders, with all that is in them. */
  read?: readonly string[];
  /** Files and folders that it writes; it reads them, too. */
  write?: readonly string[];
  /** Environment variables; a name may end in *. All others look as if they were not set. */
  env?: readonly string[];
  /** What it may ask of the system, by Deno's names. */
  sys?: readonly string[];
  /** Folders of native libraries that it loads; `any`: it calls functions by their addresses, which Deno grants to all or to none. */
  ffi?: readonly string[] | "any";
  /** Programs that it starts, by name or path. */
  run?: readonly string[];
  /** Hosts that it reaches. */
  net?: readonly string[];
}

/** The folder of TuneBench itself. */
export const projectFolder: string = resolve(fileURLToPath(new URL("..", import.meta.url)));

/** The folder of the packages. */
export const packagesFolder: string = join(projectFolder, "node_modules");

/** The variables that say where things are on this machine, and how to behave. */
export const ENVIRONMENT: readonly string[] = [
  ...["TUNEBENCH_*", "HOME", "USERPROFILE", "LOCALAPPDATA", "XDG_CACHE_HOME", "NO_COLOR"],
  ...["HF_HOME", "HF_HUB_CACHE", "HF_HUB_OFFLINE"],
];

/** What is asked of the system for records: memory, processor, the system's name and version, the machine's name. */
export const SYSTEM: readonly string[] = ["systemMemoryInfo", "osRelease", "cpus", "hostname"];

/**
 * What the loader of the tokenizers library asks besides: which C library there is, as part of a report that has the network's
 * interfaces, too.
 */
export const LOADER: readonly string[] = ["networkInterfaces"];

/** The flags of `deno run` that grant these permissions and no others; nobody is asked for more. */
export function permissionFlags({ read = [], write = [], env, sys, ffi, run = [], net }: Permissions): string[] {
  const granted: Record<string, readonly string[] | "any"> = {
    read: places([...read, ...write]),
    write: places(write),
    env: env ?? [],
    sys: sys ?? [],
    ffi: ffi === "any" ? ffi : places(ffi ?? []),
    run: run.length > 0 && linksOtherwise() ? "any" : run,
    net: net ?? [],
  };
  const flags = Object.entries(granted).filter(([, names]) => names.length > 0)
    .map(([name, names]) => names === "any" ? `--allow-${name}` : `--allow-${name}=${names.join(",")}`);
  return ["--no-prompt", "--ignore-env", ...flags];
}

/**
 * Whether a variable says which libraries programs load (LD_LIBRARY_PATH). With one, as on clusters, Deno lets no process start any
 * program that may not start every program.
 */
function linksOtherwise(): boolean {
  return Object.keys(Deno.env.toObject()).some((name) => /^(LD|DYLD)_/.test(name));
}

/** Each path, and where it leads if links are on the way: files are opened by their paths without links. */
function places(paths: readonly string[]): string[] {
  const found = paths.map(withoutComma).flatMap((path) => [resolve(path), withoutLinks(resolve(path))]);
  return [...new Set(found)];
}

/** The path, or the folder above its first comma: flags have no way to write one. */
function withoutComma(path: string): string {
  const whole = resolve(path);
  return whole.includes(",") ? dirname(`${whole.split(",")[0]}x`) : whole;
}

/** A path without links, as far as there is something at it. */
function withoutLinks(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch (error) {
    // What this process may not read it cannot look at; its own permissions then have no links on the way.
    if (error instanceof Deno.errors.NotCapable || dirname(path) === path) return path;
    return join(withoutLinks(dirname(path)), basename(path));
  }
}
