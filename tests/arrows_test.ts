import assert from "node:assert/strict";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What the files of a folder may import besides files of the same folder: folders, or single files. */
const ARROWS: Record<string, readonly string[]> = {
  engine: [],
  models: ["engine"],
  methods: ["engine", "models/types.ts"],
  tasks: [],
  runs: ["engine", "models", "methods", "tasks", "deno.json"],
  reports: ["runs/record.ts"],
  bench: ["engine", "models", "methods", "tasks", "runs", "reports"],
};

/** Folders whose mod.ts holds a table of entries. */
const TABLES = ["engine", "models", "methods", "tasks"];

/** Files with their imports of files, all as paths from the root. */
async function readImports(): Promise<Map<string, string[]>> {
  const imports = new Map<string, string[]>();
  const walk = async (folder: string) => {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      if (name === "node_modules" || name === "results" || name.startsWith(".")) continue;
      const path = join(folder, name);
      if (isDirectory) await walk(path);
      else if (name.endsWith(".ts")) imports.set(relative(root, path), importsOf(path, await Deno.readTextFile(path)));
    }
  };
  await walk(root);
  return imports;
}

/** Paths that a file's text imports, statically, dynamically, for types alone, or as a worker's entry. */
function importsOf(path: string, text: string): string[] {
  const specifier = /(?:\bfrom|\bimport|\bimport\(|\bnew URL\()\s*"(\.[^"]*)"/g;
  return [...text.matchAll(specifier)]
    .map(([, target]) => relative(root, join(dirname(path), target)))
    .filter((target) => /\.(ts|json)$/.test(target));
}

const isUnder = (path: string, place: string) => path === place || path.startsWith(`${place}/`);

/** Imports that no arrow allows: "from → to". */
function violations(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  for (const [from, targets] of imports) {
    const folder = from.includes("/") ? from.split("/")[0] : "";
    for (const to of targets) {
      const allowed = folder === "tests" || isUnder(to, folder) ||
        (folder === "" ? !["tests", "bench"].some((place) => isUnder(to, place)) : false) ||
        (ARROWS[folder] ?? []).some((place) => isUnder(to, place));
      if (!allowed) found.push(`${from} → ${to}`);
    }
  }
  return found;
}

/** Imports of a table's entries by other files of the folder than its mod.ts, and of entries by other folders. */
function entryViolations(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  for (const folder of TABLES) {
    const entries = (imports.get(`${folder}/mod.ts`) ?? []).filter((path) =>
      isUnder(path, folder) && !path.endsWith("/types.ts")
    );
    for (const [from, targets] of imports) {
      if (from === `${folder}/mod.ts` || !from.startsWith(`${folder}/`)) continue;
      for (const to of targets.filter((to) => entries.includes(to))) found.push(`${from} → ${to}`);
    }
  }
  return found;
}

Deno.test("folders import only what the design's arrows allow", async () => {
  const imports = await readImports();
  for (const folder of Object.keys(ARROWS)) {
    if (folder !== "bench") assert.ok([...imports.keys()].some((path) => isUnder(path, folder)), folder);
  }
  assert.deepEqual(violations(imports), []);
});

Deno.test("within a folder only mod.ts imports the entries of its table", async () => {
  assert.deepEqual(entryViolations(await readImports()), []);
});

Deno.test("an import against the arrows is found however it is written", () => {
  const path = join(root, "engine/wrong.ts");
  const lines = [
    'import type { A } from "../models/types.ts";',
    'export { b } from "../runs/plan.ts";',
    'import "../tests/c.ts";',
    'await import("../reports/mod.ts");',
  ];
  const wrong = new Map([["engine/wrong.ts", importsOf(path, lines.join("\n"))]]);
  assert.equal(violations(wrong).length, lines.length);
  const mod = new Map([["methods/mod.ts", ["methods/lora.ts"]], ["methods/a.ts", ["methods/lora.ts"]]]);
  assert.deepEqual(entryViolations(mod), ["methods/a.ts → methods/lora.ts"]);
});
