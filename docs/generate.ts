/**
 * Fills in the generated parts of the documentation, writes the JSON Schemas of studies and tasks, and assembles the kernel of AdamW: `deno task docs`. A part stands between two comments,
 * `<!-- generated: methods -->` and `<!-- /generated: methods -->`; what stands there now is replaced.
 * @module
 */
import { fileURLToPath } from "node:url";
import wabt from "wabt";
import { writeWhole } from "../base/write-files.ts";
import { studyJsonSchema } from "../runs/study/study-schema.ts";
import { taskJsonSchema } from "../tasks/described/schema.ts";
import { parts } from "./parts.ts";

const root = new URL("../", import.meta.url);

/** Paths of the pages from the root: README.md, CONTRIBUTING.md and all of docs/. */
export async function listPages(): Promise<string[]> {
  const names = (await Array.fromAsync(Deno.readDir(new URL("docs", root)))).map(({ name }) => name);
  const pages = names.filter((name) => name.endsWith(".md")).sort().map((name) => `docs/${name}`);
  return ["README.md", "CONTRIBUTING.md", ...pages];
}

/** The text of a page. */
export function readPage(path: string): Promise<string> {
  return Deno.readTextFile(new URL(path, root));
}

/**
 * A page with its generated parts as they are now.
 * @throws {Error} if it asks for a part that there is not, or a part does not end
 */
export async function fillPage(path: string, text: string): Promise<string> {
  const opening = /^<!-- generated: (.*) -->$/gm;
  let filled = "";
  let from = 0;
  for (const { 0: comment, 1: name, index } of text.matchAll(opening)) {
    if (!Object.hasOwn(parts, name)) {
      throw new Error(`Cannot fill in ${path}: a part must be one of ${Object.keys(parts).join(", ")}, it is ${name}`);
    }
    const start = index + comment.length;
    const end = text.indexOf(`<!-- /generated: ${name} -->`, start);
    if (end < 0) throw new Error(`Cannot fill in ${path}: the part ${name} must end with <!-- /generated: ${name} -->`);
    filled += `${text.slice(from, start)}\n\n${await parts[name]()}\n\n`;
    from = end;
  }
  return filled + text.slice(from);
}

/** The JSON Schemas by their paths from the root. */
export const schemas: Readonly<Record<string, () => Record<string, unknown>>> = {
  "schema/study.json": studyJsonSchema,
  "schema/task.json": taskJsonSchema,
};

/** The text of a JSON Schema. @param path one of {@linkcode schemas} */
export function renderSchema(path: string): string {
  return `${JSON.stringify(schemas[path](), null, 2)}\n`;
}

/** The WebAssembly of engine/adamw.wat. */
export async function assembleKernels(): Promise<Uint8Array<ArrayBuffer>> {
  const parsed = (await wabt()).parseWat("adamw.wat", await readPage("engine/adamw.wat"), { simd: true });
  const { buffer } = parsed.toBinary({});
  parsed.destroy();
  return Uint8Array.from(buffer);
}

if (import.meta.main) {
  await Deno.writeFile(new URL("engine/adamw.wasm", root), await assembleKernels());
  for (const path of Object.keys(schemas)) await writeWhole(fileURLToPath(new URL(path, root)), renderSchema(path));
  for (const path of await listPages()) {
    const text = await readPage(path);
    const filled = await fillPage(path, text);
    if (filled === text) continue;
    await writeWhole(fileURLToPath(new URL(path, root)), filled);
    console.log(path);
  }
}
