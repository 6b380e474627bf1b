/** A study on a real Slurm cluster: `deno task test:slurm`. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { readRecords } from "../../runs/study/read-records.ts";
import type { RunRecord } from "../../runs/study/record.ts";
import { inFolder } from "../in-folder.ts";
import { canRunSlurm, Cluster } from "./cluster.ts";

if (!canRunSlurm) {
  console.log(
    "The tests with Slurm are ignored: they need Linux, root, and the packages slurmctld, slurmd and slurm-client",
  );
}

const cli = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));
const study = ["smoke", "--methods", "linear-probe,lora", "--seeds", "3"];
const CELLS = 6;

/** Runs bench. @returns its exit status and all that it prints */
async function bench(args: string[], config?: string): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-P=command", cli, "bench", ...args],
    env: { NO_COLOR: "1", ...config !== undefined && { SLURM_CONF: config } },
    stdin: "null",
  }).output();
  return { code, text: [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("") };
}

/** A record without time, memory, and the moment and commit of its run. */
function reproducible({ time: _, memory: { planned }, environment, ...rest }: RunRecord): unknown {
  return { ...rest, planned, environment: { ...environment, suite: null, started: null } };
}

const logOf = (out: string, path: string) => Deno.readTextFile(`${out}/slurm/${path}`).catch(() => "");

Deno.test({
  name:
    "a study on two nodes, where other jobs push a task aside and a node is lost, ends with the records of a local one",
  ignore: !canRunSlurm,
  fn: () =>
    inFolder({}, async (folder) => {
      await Deno.mkdir(`${folder}/it's a cluster`);
      const [local, out] = [`${folder}/local`, `${folder}/it's a cluster/100 %a "results"`];
      await using cluster = await Cluster.start(folder);
      const submit = () => bench([...study, "--out", out, "--launcher", "slurm", "--slurm", "time=10"], cluster.config);
      const submitted = await submit();
      assert.equal(submitted.code, 0, submitted.text);
      // MaxArraySize is 3.
      assert.match(
        submitted.text,
        /^6 cells, 6 to train, in tasks of \d+ MiB and 1 processor:\n( {2}job \d+: 3 tasks, .*\n){2}/,
      );

      const nodeOf = async (task: string) =>
        await cluster.call("squeue", "--noheader", `--jobs=${task}`, "--format=%N");
      const claims = async () => {
        const names = await Array.fromAsync(Deno.readDir(`${out}/runs`), ({ name }) => name);
        return names.filter((name) => name.endsWith(".claim")).length;
      };
      const [, first] = /job (\d+): 3 tasks/.exec(submitted.text)!;
      await cluster.until("two cells under way", async () => await claims() === 2);
      const [n1, n2] = await nodeOf(`${first}_0`) === "n1" ? ["0", "1"] : ["1", "0"];
      await cluster.call("sbatch", "--partition=first", "--nodelist=n1", "--output=/dev/null", "--wrap=true");
      await cluster.until(
        "a task that is queued again",
        async () => (await logOf(out, `1/${n1}.log`)).includes("the task is queued again"),
      );
      assert.match(await logOf(out, `1/${n1}.log`), /Stopped: other jobs come first; the task is queued again\./);
      await cluster.lose("n2");
      assert.doesNotMatch(await logOf(out, `1/${n2}.log`), /Stopped/);

      const calm = await bench([...study, "--out", local, "--jobs", String(navigator.hardwareConcurrency)]);
      assert.equal(calm.code, 0, calm.text);
      const attached = await bench(["status", out, "--attach"]);
      assert.match(attached.text, /6 cells: 6 done, 0 under way, 0 failed, 0 waiting\n/);
      assert.equal(attached.code, 0);
      const [expected, actual] = await Promise.all([local, out].map(readRecords));
      assert.equal(expected.records.length, CELLS);
      assert.deepEqual(actual.unreadable, []);
      assert.deepEqual(actual.records.map(reproducible), expected.records.map(reproducible));
      assert.deepEqual(await Array.fromAsync(Deno.readDir(`${out}/failed`)), []);

      const again = await submit();
      assert.deepEqual(again, { code: 0, text: "6 cells, none left to train: nothing was submitted.\n" });
      await cluster.until(
        "an empty queue",
        async () => await cluster.call("squeue", "--noheader", "--states=PENDING,RUNNING") === "",
      );
    }),
});

Deno.test({
  name: "what Slurm refuses is said in one sentence, and nothing of the submission is left",
  ignore: !canRunSlurm,
  fn: () =>
    inFolder({}, async (folder) => {
      await using cluster = await Cluster.start(folder);
      const flags = ["--launcher", "slurm", "--slurm", "partition=nonesuch"];
      const { code, text } = await bench([...study, "--out", `${folder}/out`, ...flags], cluster.config);
      assert.equal(code, 1);
      assert.match(text, /^Cannot submit to Slurm: sbatch must succeed, it said: .*invalid partition.*\n$/i);
      assert.deepEqual(await Array.fromAsync(Deno.readDir(`${folder}/out/slurm`)), []);
    }),
});
