/**
 * transformers, asked about real model folders. Opt-in, `deno task test:real`: the variable TUNEBENCH_REAL names the folder
 * that they lie in, all-MiniLM-L6-v2 and SmolLM2-135M-Instruct, and TUNEBENCH_PYTHON the Python.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const real = Deno.env.get("TUNEBENCH_REAL");

/** Whether there is nothing to compare. */
export const ignore = !real;
/** Folder of a BERT. */
export const MINILM = `${real}/all-MiniLM-L6-v2`;
/** Folder of a Llama. */
export const SMOLLM2 = `${real}/SmolLM2-135M-Instruct`;

/** What reference.py answers. */
export async function ask<Answer>(what: string, folder: string, ...given: unknown[]): Promise<Answer> {
  const python = Deno.env.get("TUNEBENCH_PYTHON") ?? "python3";
  const script = fileURLToPath(new URL("reference.py", import.meta.url));
  const child = new Deno.Command(python, {
    args: [script, what, folder],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output = child.output();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(given)));
  await writer.close();
  const { success, stdout, stderr } = await output;
  assert.ok(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}
