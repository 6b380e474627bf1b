import assert from "node:assert/strict";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Everything that the command line and the public API stand on. */
const PRODUCT = ["base", "engine", "models", "methods", "tasks", "runs", "reports"];

/** The tables of a report and what they are made from. */
const REPORT = ["reports", "reports/runs", "reports/statistics", "reports/costs", "reports/external"];

/** The rows of the methods. */
const METHODS = ["methods", "methods/types.ts", "methods/shared", "methods/adaptation"];

/**
 * What the files of a folder may import besides each other: the folders themselves (their subfolders have rows of their
 * own), or single files. A table's mod.ts stands above its folder.
 */
const ARROWS: Record<string, readonly string[]> = {
  "base": [],
  "engine": ["base"],
  "engine/graph": ["base", "engine"],
  "engine/devices": ["base", "engine", "engine/graph"],
  "models": ["base", "engine"],
  "models/layers": ["base", "engine", "models"],
  "models/architectures": ["base", "engine", "models", "models/layers"],
  "models/tokenizers": ["base", "models", "deno.json"],
  "models/use-lite": ["base", "engine", "models", "models/layers", "models/tokenizers"],
  "models/folder": ["base", "engine", "models", "models/tokenizers"],
  "models/hub": ["base", "models", "models/folder"],
  "models/gguf": ["base", "engine", "models", "models/layers", "models/folder", "models/tokenizers"],
  "models/mod.ts": ["models", "models/architectures", "models/use-lite", "models/folder", "models/hub", "models/gguf"],
  "methods/types.ts": ["base", "engine", "models/types.ts"],
  "methods/shared": ["base", "engine", "models/types.ts", "methods/types.ts"],
  "methods": ["base", "engine", "models/types.ts", "methods/types.ts", "methods/shared"],
  "methods/adaptation": [
    ...["base", "engine", "engine/graph/dim.ts", "models/types.ts"],
    ...["methods", "methods/types.ts", "methods/shared"],
  ],
  "tasks": ["base"],
  "tasks/metrics": ["tasks"],
  "tasks/templates": ["base", "tasks"],
  "tasks/described": [
    "base",
    "tasks",
    "tasks/metrics",
    "tasks/templates",
    "tasks/described/rows",
    "tasks/described/text",
  ],
  "tasks/described/rows": ["base", "tasks", "tasks/described/text"],
  "tasks/described/text": ["base", "tasks"],
  "tasks/hub": ["tasks", "tasks/described"],
  "tasks/mod.ts": ["tasks", "tasks/hub"],
  "runs/plugins": [
    "base",
    "models",
    "models/mod.ts",
    ...METHODS,
    "tasks",
    "tasks/metrics",
    "tasks/mod.ts",
    "deno.json",
  ],
  "runs/study": [
    ...["base", "engine", "models", "models/mod.ts", "models/hub"],
    ...["tasks", "tasks/metrics", "tasks/templates", "tasks/described", "tasks/hub", "tasks/mod.ts"],
    "runs/plugins",
  ],
  "runs/study/shared": ["base", "runs/study"],
  "runs/programs": ["base", "engine", "models", "models/layers/head.ts", ...METHODS, "tasks", "runs/study"],
  "runs/adapters": [
    ...["base", "engine", "models", "models/mod.ts", "models/layers/head.ts", ...METHODS, "tasks"],
    ...["runs/plugins", "runs/study", "runs/programs"],
  ],
  "runs/training": [
    ...["base", "engine", "engine/graph/flops.ts", "engine/devices", "models", "models/mod.ts", ...METHODS, "tasks"],
    ...["tasks/metrics", "tasks/templates"],
    ...["runs/study", "runs/programs", "runs/adapters"],
  ],
  "runs/plugins/check": [
    ...["base", "engine", "engine/devices", "models", "models/mod.ts", "models/use-lite", ...METHODS, "tasks"],
    ...["runs/plugins", "runs/programs", "runs/adapters", "runs/training"],
  ],
  "runs/launch/permissions": ["base", "engine/devices", "models/hub", "runs/study"],
  "runs/launch": [
    ...[
      "base",
      "engine",
      "engine/devices",
      "models",
      "models/mod.ts",
      ...METHODS,
      "tasks",
      "tasks/mod.ts",
      "tasks/described",
    ],
    ...[
      "runs/study",
      "runs/study/shared",
      "runs/plugins",
      "runs/plugins/check",
      "runs/adapters",
      "runs/training",
      "runs/controls",
      "runs/launch/permissions",
    ],
    "deno.json",
  ],
  "runs/launch/controls": ["runs/study", "runs/launch"],
  "runs/status": ["base", "runs/study/shared", "runs/launch"],
  "runs/slurm": ["base", "engine", "engine/devices", "runs/plugins", "runs/study", "runs/launch"],
  "runs/predict": [
    ...["base", "engine", "engine/devices", "models", "models/mod.ts", ...METHODS, "tasks", "tasks/templates"],
    ...["runs/plugins", "runs/study", "runs/programs", "runs/adapters", "runs/training"],
  ],
  "runs/controls": ["base", "models", "runs/study", "runs/predict", "runs/training"],
  "reports/statistics": ["base"],
  "reports/runs": ["base", "runs/study", "tasks", "reports/statistics"],
  "reports/costs": ["runs/study", "reports/runs", "reports/statistics"],
  "reports/external": ["base", "runs/study"],
  "reports/figures": ["base", "runs/study", ...REPORT],
  "reports/page": ["base", "runs/study", ...REPORT, "reports/figures"],
  "reports/mod.ts": ["base", "runs/study", ...REPORT, "reports/text", "reports/page", "reports/citation"],
  "reports": ["base", "runs/study", ...REPORT.slice(1)],
  "reports/text": ["base", "runs/study", ...REPORT],
  "reports/citation": ["base", "models/mod.ts", "models/hub/name.ts", "methods", "runs/study"],
  "reports/verify": ["base", "runs/study", "reports", "reports/statistics"],
  "reports/export": [
    "base",
    "models/hub/name.ts",
    "runs/plugins",
    "runs/study",
    ...REPORT,
    "reports/mod.ts",
    "reports/citation",
  ],
};

/** Folders above all others. */
const TOPS: Record<string, readonly string[]> = {
  "plugin.ts": PRODUCT,
  "mod.ts": [...PRODUCT, "plugin.ts"],
  "cli": [...PRODUCT, "deno.json"],
  "docs": [...PRODUCT, "cli", "deno.json"],
  "perf": [...PRODUCT, "cli"],
  "tests": [...PRODUCT, "cli", "docs", "perf", "mod.ts", "plugin.ts", "deno.json"],
};

/** Folders whose mod.ts holds a table of entries. */
const TABLES = ["engine/devices", "models", "methods", "tasks"];

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

/** The row that a file belongs to: the longest of those that it lies under. */
function rowOf(path: string): string | undefined {
  return Object.keys(ARROWS).filter((place) => isUnder(path, place)).sort((a, b) => b.length - a.length)[0];
}

/** Imports that no arrow allows: "from → to". */
function violations(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  for (const [from, targets] of imports) {
    const top = Object.keys(TOPS).find((place) => isUnder(from, place));
    const row = rowOf(from);
    for (const to of targets) {
      const allowed = top !== undefined
        ? [top, ...TOPS[top]].some((place) => isUnder(to, place))
        : row !== undefined && [row, ...ARROWS[row]].some((place) => to === place || rowOf(to) === place);
      if (!allowed) found.push(`${from} → ${to}`);
    }
  }
  return found;
}

/** Imports of a table's entries by other files of the folder than its mod.ts. */
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

Deno.test("folders and subfolders import only what the design's arrows allow", async () => {
  const imports = await readImports();
  for (const place of [...Object.keys(ARROWS), ...Object.keys(TOPS)]) {
    assert.ok([...imports.keys()].some((path) => isUnder(path, place)), place);
  }
  const homeless = [...imports.keys()].filter((path) =>
    rowOf(path) === undefined && !Object.keys(TOPS).some((top) => isUnder(path, top))
  );
  assert.deepEqual(homeless, []);
  assert.deepEqual(violations(imports), []);
});

Deno.test("the arrows go one way: no folder is reached from what it imports", () => {
  const reached = (from: string, seen = new Set<string>()): Set<string> => {
    for (const to of ARROWS[from] ?? []) {
      const row = rowOf(to);
      if (row === undefined || row === from || seen.has(row)) continue;
      seen.add(row);
      reached(row, seen);
    }
    return seen;
  };
  for (const place of Object.keys(ARROWS)) assert.ok(!reached(place).has(place), place);
});

Deno.test("within a folder only mod.ts imports the entries of its table", async () => {
  assert.deepEqual(entryViolations(await readImports()), []);
});

Deno.test("an import against the arrows is found however it is written", () => {
  const lines = [
    'import type { A } from "../models/types.ts";',
    'export { b } from "../runs/launch/cells.ts";',
    'import "../tests/c.ts";',
    'await import("../reports/mod.ts");',
    'import { d } from "./devices/cpu.ts";',
  ];
  const wrong = new Map([["engine/wrong.ts", importsOf(join(root, "engine/wrong.ts"), lines.join("\n"))]]);
  assert.equal(violations(wrong).length, lines.length);
  assert.equal(violations(new Map([["runs/study/wrong.ts", ["runs/training/train.ts"]]])).length, 1);
  const mod = new Map([["methods/mod.ts", ["methods/lora.ts"]], ["methods/a.ts", ["methods/lora.ts"]]]);
  assert.deepEqual(entryViolations(mod), ["methods/a.ts → methods/lora.ts"]);
});
