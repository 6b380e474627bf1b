/**
 * What transformers computes with real models. Opt-in, `deno task test:real`: TUNEBENCH_REAL names a folder with the model
 * folders all-MiniLM-L6-v2 and SmolLM2-135M-Instruct, and TUNEBENCH_PYTHON a Python with transformers.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const real = Deno.env.get("TUNEBENCH_REAL");

/** Whether the tests are skipped, since no folder is named. */
export const ignore = !real;
/** Folder of a BERT. */
export const MINILM = `${real}/all-MiniLM-L6-v2`;
/** Folder of a Llama. */
export const SMOLLM2 = `${real}/SmolLM2-135M-Instruct`;

/**
 * Runs reference.py.
 * @param what name of one of its functions
 * @param folder of the model
 * @param args arguments of the function
 * @returns what the function returns
 */
export async function ask<Answer>(what: string, folder: string, ...args: unknown[]): Promise<Answer> {
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
  await writer.write(new TextEncoder().encode(JSON.stringify(args)));
  await writer.close();
  const { success, stdout, stderr } = await output;
  assert.ok(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}
