/**
 * The files of plug-ins: what each imports, and the checksum over all of it. No code of a plug-in runs here.
 * @module
 */
import { createHash } from "node:crypto";
import { relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { shorten, UsageError } from "../../base/errors.ts";
import { isFile, lookedFor, sha256File } from "../../base/files.ts";
import { lastWords } from "../../base/last-words.ts";
import { projectFolder } from "../../base/permissions.ts";
import config from "../../deno.json" with { type: "json" };
import { isKept, readKept } from "./kept.ts";
import type { PluginFiles, PluginPaths } from "./types.ts";

/** Folders and files of TuneBench that plug-ins use by its name alone. */
const SOURCES = [
  "base",
  "cli",
  "engine",
  "methods",
  "models",
  "perf",
  "reports",
  "runs",
  "tasks",
  "mod.ts",
  "plugin.ts",
];

/** By what name they do so. */
const NAME = `${config.name}/plugin`;

/** What is needed of the answer of `deno info`. */
interface Graph {
  roots: string[];
  redirects: Record<string, string>;
  modules: { specifier: string; error?: string; dependencies?: Import[] }[];
}

/** An import of a module; without `code` it is one of types alone. */
interface Import {
  specifier: string;
  code?: { specifier?: string; error?: string };
}

/**
 * Finds the files of plug-ins.
 * @param paths their files, or the `plugin.json` of plug-ins that a results folder keeps
 * @throws {UsageError} one sentence with the plug-in's file, if it or something that it imports is not there, or may not be imported
 */
export async function openPlugins(paths: readonly string[]): Promise<PluginPaths> {
  const opened = await Promise.all([...new Set(paths)].map(openPlugin));
  const plugins: Record<string, PluginFiles> = {};
  for (const plugin of opened) {
    const sum = await sumOf(plugin);
    // A copy of a plug-in is that plug-in.
    plugins[sum] ??= plugin;
  }
  return plugins;
}

/** The checksum of a plug-in: the SHA-256 over those of its files in the order of import, so that no path is part of it. */
export async function sumOf({ name, files }: PluginFiles): Promise<string> {
  const hash = createHash("sha256");
  for (const file of files) {
    const sum = await sha256File(file);
    if (sum === null) throw new Error(`Cannot use the plug-in ${name}: its files must be there, ${file} is not`);
    hash.update(`${sum}\n`);
  }
  return hash.digest("hex");
}

/** @throws {UsageError} always */
function refuse(name: string, rule: string): never {
  throw new UsageError(`Cannot use the plug-in ${shorten(name)}: ${rule}`);
}

async function openPlugin(path: string): Promise<PluginFiles> {
  if (!await isFile(path)) refuse(path, `there must be such a file${lookedFor(path)}`);
  if (isKept(path)) return await readKept(path);
  if (!/\.m?[jt]s$/.test(path)) refuse(path, "it must be a file of TypeScript or JavaScript, such as ./my-method.ts");
  return { name: path, files: filesOf(path, await graphOf(path)) };
}

/** What a plug-in imports, as Deno reads it without running it. */
async function graphOf(path: string): Promise<Graph> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    // What is not on this machine is not fetched.
    args: ["info", "--json", "--no-remote", "--no-npm", "--config", `${projectFolder}/deno.json`, resolve(path)],
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const [output, complaints] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (!success) refuse(path, `Deno must be able to read it, ${lastWords(complaints) ?? "it could not"}`);
  return JSON.parse(output);
}

/** What is wrong with a module, and where: "SyntaxError: Expected ',', got 'b' in line 4, column 2". */
function faultIn(error: string): string {
  const [fault] = error.split("\n");
  const [, line, column] = /^ *at .*:(\d+):(\d+)$/m.exec(error) ?? [];
  return line === undefined ? fault : `${fault} in line ${line}, column ${column}`;
}

/** The files of a plug-in's graph. @throws {UsageError} if an import leads to what is not there or may not be imported */
function filesOf(name: string, { roots: [root], modules }: Graph): string[] {
  const byAddress = new Map(modules.map((module) => [module.specifier, module]));
  const found = new Set<string>();
  const visit = (address: string, specifier: string) => {
    if (found.has(address)) return;
    const module = byAddress.get(address);
    const what = specifier === "" ? "it" : specifier;
    if (!module || /not found/i.test(module.error ?? "")) refuse(name, `what it imports must be there, ${what} is not`);
    if (module.error) refuse(name, `${what} must be valid code: ${faultIn(module.error)}`);
    found.add(address);
    for (const { specifier, code } of module.dependencies ?? []) {
      if (code && isOwnFile(name, specifier, code.specifier)) visit(code.specifier!, specifier);
    }
  };
  visit(root, "");
  return [...found].map((address) => fileURLToPath(address));
}

/**
 * Whether an import leads to a file that is part of the plug-in, and not to TuneBench, one of its packages or Node.js.
 * @throws {UsageError} if it leads elsewhere
 */
function isOwnFile(name: string, specifier: string, address?: string): boolean {
  const isPath = /^(\.{0,2}\/|file:)/.test(specifier);
  if (isPath && address?.startsWith("file:")) {
    const [top] = relative(projectFolder, fileURLToPath(address)).split(sep);
    if (!SOURCES.includes(top)) return true;
    refuse(name, `it must import TuneBench as ${NAME}, it imports ${specifier}`);
  }
  const isPackage = [config.name, ...Object.keys(config.imports)].some((known) =>
    specifier === known || specifier.startsWith(`${known}/`)
  );
  if (isPackage && address !== undefined || specifier.startsWith("node:")) return false;
  return refuse(name, `it must import files, ${NAME} or packages of TuneBench's deno.json, it imports ${specifier}`);
}
