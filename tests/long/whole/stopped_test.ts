import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { presets } from "../../../runs/study/presets.ts";
import { readRecords } from "../../../runs/study/read-records.ts";
import { inFolder } from "../../in-folder.ts";

const cli = fileURLToPath(new URL("../../../cli/main.ts", import.meta.url));

/** A cell of so many steps that no machine is through before it is stopped. */
const study = {
  ...presets.smoke.study,
  methods: ["full"],
  data: { train: 96, validation: 8, test: 8 },
  training: { epochs: 4 },
};

interface EventLine {
  type: string;
  step: number;
}

Deno.test("a bench that is stopped by Ctrl-C or SIGTERM has its cell saved, and the next one goes on there", () =>
  inFolder({ "study.json": study }, async (folder) => {
    const [out, events] = [`${folder}/results`, `${folder}/events.jsonl`];
    const lines = async (): Promise<EventLine[]> =>
      (await Deno.readTextFile(events).catch(() => "")).split("\n").slice(0, -1).map((line) => JSON.parse(line));
    const start = () => {
      const flags = ["--jobs", "1", "--out", out, "--events", events];
      return new Deno.Command(Deno.execPath(), {
        args: ["run", "--quiet", "-P=command", cli, "bench", `${folder}/study.json`, ...flags],
        stdout: "null",
        stderr: "null",
      }).spawn();
    };
    for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
      const bench = start();
      const before = (await lines()).length;
      while (!(await lines()).slice(before).some(({ type }) => type === "step")) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      bench.kill(signal);
      assert.equal((await bench.status).code, code);
      const told = (await lines()).slice(before);
      assert.equal(told.at(-1)!.type, "saved");
      assert.ok(told.every(({ step = 0 }) => step <= told.at(-1)!.step));
    }
    const saved = (await lines()).at(-1)!.step;
    assert.ok((await start().status).success);
    assert.ok((await lines()).some(({ type, step }) => type === "resumed" && step === saved));
    const { records: [record] } = await readRecords(out);
    assert.equal(record.time.parts!.length, 3);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(`${out}/checkpoints`)), []);
  }));
