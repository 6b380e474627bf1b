/**
 * A worker that tries to reach what its job does not name, as the code of a method could, and prints what was refused.
 * @module
 */
import { runJob } from "../../../../runs/launch/run-job.ts";

/** The error's name, or what was possible. */
async function outcome(attempt: () => unknown): Promise<string> {
  try {
    return `possible: ${await attempt()}`;
  } catch (error) {
    return (error as Error).name;
  }
}

await runJob({
  async runCell(_spec, { out }) {
    const outside = `${out}-secret`;
    const attempts: Record<string, () => unknown> = {
      "read another folder": () => Deno.readTextFile(`${outside}/secret`),
      "write another folder": () => Deno.writeTextFile(`${outside}/new`, ""),
      "write TuneBench": () => Deno.writeTextFile(new URL("new", import.meta.url), ""),
      "link to another folder": () => Deno.symlink(outside, `${out}/link`),
      "run a program": () => new Deno.Command("true").output(),
      "run Deno": () => new Deno.Command(Deno.execPath(), { args: ["--version"] }).output(),
      "end another process": () => Deno.kill(Deno.ppid, "SIGCONT"),
      "reach the network": () => Deno.connect({ hostname: "127.0.0.1", port: 9 }),
      "read its parent's memory": () => Deno.readTextFile(`/proc/${Deno.ppid}/environ`),
      "read a variable": () => Deno.env.get("TEST_SECRET") ?? Promise.reject(new Deno.errors.NotCapable()),
      "write its results": () => Deno.writeTextFile(`${out}/mark`, "").then(() => "yes"),
      "read TuneBench": () => Deno.readTextFile(import.meta.filename!).then(() => "yes"),
    };
    for (const [what, attempt] of Object.entries(attempts)) console.log(`${what}: ${await outcome(attempt)}`);
    throw new Error("Cannot go on: all has been tried");
  },
  runTrial: () => Promise.reject(new Error("no trial")),
  estimateCell: () => Promise.reject(new Error("nothing to estimate")),
});
