/**
 * Prints the ten largest folders, files and functions of the tracked TypeScript, the product's and the tests' apart:
 * `deno task sizes`. Figures to watch, not a gate.
 * @module
 */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { isFile } from "../../base/files.ts";

/** A folder, a file or a function, and how large it is. */
export interface Size {
  /** Path of a folder or a file; path, line and name of a function. */
  name: string;
  /** Files of a folder without its subfolders; lines of a file or a function. */
  size: number;
}

/** A function that the lint plug-in found, as `deno lint --json` reports it; lines count from 1. */
interface Diagnostic {
  filename: string;
  message: string;
  code: string;
  range: { start: { line: number }; end: { line: number } };
}

const root = fileURLToPath(new URL("../../", import.meta.url));
const config = fileURLToPath(new URL("lint.json", import.meta.url));

async function output(program: string, args: string[]): Promise<string> {
  const { stdout } = await new Deno.Command(program, { args, cwd: root, stderr: "inherit" }).output();
  return new TextDecoder().decode(stdout);
}

/** The largest first; of equal sizes the first by name. */
function largest(sizes: Size[], count: number): Size[] {
  return sizes.sort((a, b) => b.size - a.size || (a.name < b.name ? -1 : 1)).slice(0, count);
}

/** Folders by the number of these files that lie directly in them. */
export function folderSizes(paths: readonly string[]): Size[] {
  return [...Map.groupBy(paths, dirname)].map(([name, { length }]) => ({ name, size: length }));
}

/** Files by their lines. */
export async function fileSizes(paths: readonly string[]): Promise<Size[]> {
  return await Promise.all(paths.map(async (name) => {
    const text = await Deno.readTextFile(`${root}${name}`);
    return { name, size: text.split("\n").length - 1 };
  }));
}

/** Functions by their lines, from the name or the first parameter to the closing brace, functions inside included. */
export async function functionSizes(paths: readonly string[]): Promise<Size[]> {
  // The lint exits with 1, since every function is a finding.
  const json = await output(Deno.execPath(), ["lint", "--json", "--config", config, ...paths]);
  const { diagnostics }: { diagnostics: Diagnostic[] } = JSON.parse(json);
  return diagnostics.filter(({ code }) => code === "sizes/function").map(({ filename, message, range }) => ({
    name: `${fileURLToPath(filename).slice(root.length)}:${range.start.line} ${message}`,
    size: range.end.line - range.start.line + 1,
  }));
}

/** The three lists of these files as text. */
export async function describeSizes(title: string, paths: readonly string[], count = 10): Promise<string> {
  const lists: [string, Size[]][] = [
    ["folders (source files)", folderSizes(paths)],
    ["files (lines)", await fileSizes(paths)],
    ["functions (lines)", await functionSizes(paths)],
  ];
  return lists.map(([kind, sizes]) => {
    const lines = largest(sizes, count).map(({ name, size }) => `${String(size).padStart(5)}  ${name}`);
    return [`${title}: largest ${kind}`, ...lines].join("\n");
  }).join("\n\n");
}

if (import.meta.main) {
  const tracked: string[] = [];
  for (const path of (await output("git", ["ls-files", "*.ts"])).trim().split("\n")) {
    // A file that was deleted is tracked until that is committed.
    if (await isFile(`${root}${path}`)) tracked.push(path);
  }
  const isTest = (path: string) => path.startsWith("tests/");
  console.log(await describeSizes("Product", tracked.filter((path) => !isTest(path))));
  console.log(`\n${await describeSizes("Tests", tracked.filter(isTest))}`);
}
