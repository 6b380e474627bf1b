import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const root = new URL("../../../", import.meta.url);

/** What a program that tokenizes writes to standard error with these permissions. */
async function complaintsOf(program: string, permissions: string[]): Promise<string> {
  const { stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      "--config",
      fileURLToPath(new URL("deno.json", root)),
      ...permissions,
      program,
    ],
    env: { NO_COLOR: "1" },
  }).output();
  return new TextDecoder().decode(stderr);
}

Deno.test("where the native library cannot be loaded, the first text is refused in one sentence", async () => {
  const program = fileURLToPath(new URL("tests/runs/launch/panicking-worker.ts", root));
  assert.match(
    await complaintsOf(program, ["--allow-read", "--allow-env", "--allow-sys"]),
    /Cannot encode texts: the native library @anush008\/tokenizers must be usable on \w+ \w+, [^\n]+/,
  );
});

Deno.test("the launcher, list and report load no native library: it is loaded with the first text", async () => {
  for (const module of ["runs/launch/launcher.ts", "cli/list.ts", "cli/report.ts", "runs/adapters/merge.ts"]) {
    const program = fileURLToPath(new URL(module, root));
    assert.equal(await complaintsOf(program, ["--allow-read", "--allow-env", "--allow-sys"]), "", module);
  }
});
