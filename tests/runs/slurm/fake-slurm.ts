/**
 * Commands of Slurm that do as a test says: scripts on the PATH that also write down how they were called.
 * @module
 */
import { inFolder } from "../../in-folder.ts";

/** What commands do, in the language of the shell, by their names. */
export type FakeCommands = Record<string, string>;

/** A cluster without limits that takes everything. */
export const willing: FakeCommands = {
  scontrol: "echo 'MaxArraySize            = 1001'",
  sbatch: "echo 17",
  scancel: "",
};

/**
 * Calls `work` while these commands are on the PATH.
 * @param alone whether nothing else is
 */
export function withSlurm<T>(
  commands: FakeCommands,
  work: (calls: () => Promise<string[][]>) => Promise<T>,
  alone = false,
): Promise<T> {
  return inFolder({}, async (folder) => {
    for (const [name, body] of Object.entries(commands)) {
      const note = `{ printf '%s\\0' ${name} "$@"; printf '\\n\\0'; } >> '${folder}/calls'`;
      await Deno.writeTextFile(`${folder}/${name}`, `#!/bin/sh\n${note}\n${body}\n`, { mode: 0o755 });
    }
    const calls = async () => {
      const text = await Deno.readTextFile(`${folder}/calls`).catch(() => "");
      return text.split("\0\n\0").filter((call) => call !== "").map((call) => call.split("\0"));
    };
    const path = Deno.env.get("PATH")!;
    Deno.env.set("PATH", alone ? folder : `${folder}:${path}`);
    try {
      return await work(calls);
    } finally {
      Deno.env.set("PATH", path);
    }
  });
}
