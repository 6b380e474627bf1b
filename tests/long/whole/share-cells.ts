/**
 * Four processes on one folder finish the 60 cells of a small study, one of them killed on the way:
 * `deno run --allow-all tests/long/whole/share-cells.ts`. Prints how many were trained, by whom, and whether any was trained twice.
 * @module
 */
import { fileURLToPath } from "node:url";
import { inFolder } from "../../in-folder.ts";

const cli = fileURLToPath(new URL("../../../cli/main.ts", import.meta.url));
const SEEDS = 20, CELLS = 60, PROCESSES = 4;
/** The second process is killed when so many cells are done. */
const KILL_AFTER = 15;

interface EventLine {
  type: string;
  id: string;
  process: number;
}

await inFolder({}, async (folder) => {
  const [out, events] = [`${folder}/results`, `${folder}/events.jsonl`];
  const lines = async (): Promise<EventLine[]> =>
    (await Deno.readTextFile(events).catch(() => "")).split("\n").slice(0, -1).map((line) => JSON.parse(line));
  const done = async () => (await lines()).filter(({ type }) => type === "done");
  const flags = ["--seeds", String(SEEDS), "--jobs", "1", "--out", out, "--events", events];
  const started = performance.now();
  const benches = Array.from({ length: PROCESSES }, () =>
    new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "-P=command", cli, "bench", "smoke", ...flags],
      stdout: "null",
      stderr: "null",
    }).spawn());
  while ((await done()).length < KILL_AFTER) await new Promise((resolve) => setTimeout(resolve, 100));
  benches[1].kill("SIGKILL");
  const codes = await Promise.all(benches.map(async ({ status }) => (await status).signal ?? (await status).code));
  const trained = await done();
  const starts = (await lines()).filter(({ type }) => type === "start").length;
  const records = (await Array.fromAsync(Deno.readDir(`${out}/runs`))).filter(({ name }) =>
    name.endsWith(".json")
  ).length;
  const by = benches.map(({ pid }) => trained.filter(({ process }) => process === pid).length);
  const twice = trained.length - new Set(trained.map(({ id }) => id)).size;
  console.log(
    `${records} records; trained by each: ${by.join(", ")}; twice: ${twice}; begun ${starts}; ends: ${
      codes.join(", ")
    }; ` +
      `${((performance.now() - started) / 1000).toFixed(0)} s`,
  );
  if (records !== CELLS || twice > 0) Deno.exit(1);
});
