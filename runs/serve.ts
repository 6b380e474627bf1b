/**
 * The worker's side of the protocol: one job, then the end of the process.
 * @module
 */
import { memoryFigures } from "./memory.ts";
import type { Environment } from "./record.ts";
import type { CellRunner } from "./cell.ts";
import { type Job, LAUNCHER_GONE, type Message } from "./protocol.ts";
import { writeRecord } from "./write.ts";

/** Seconds between two reports of progress. */
const REPORT_EVERY = 0.1;

/** Reads a job from standard input, does it and ends the process: at once where standard input closes before. */
export async function serve(runner: CellRunner): Promise<never> {
  // Ctrl-C reaches the whole group of processes; what becomes of a run is for the launcher to say.
  Deno.addSignalListener("SIGINT", () => {});
  const job = await readJob();
  try {
    if (job.mode === "run") await run(job, runner);
    else if (job.mode === "plan") await plan(job, runner);
    else send({ type: "inspected", report: await runner.inspectDevice(job.device) });
  } catch (error) {
    console.error(error);
    send({ type: "failed", reason: error instanceof Error ? error.message : String(error) });
    Deno.exit(1);
  }
  Deno.exit(0);
}

async function run(job: Job & { mode: "run" }, runner: CellRunner): Promise<void> {
  const started = new Date().toISOString();
  let reported = -Infinity;
  const result = await runner.runCell(job.spec, {
    folder: job.folder,
    dataFolder: job.dataFolder,
    from: job.from,
    threads: job.environment.threads,
    out: job.out,
    keep: job.keep,
    onProgress(progress) {
      const now = performance.now() / 1000;
      if (now - reported < REPORT_EVERY && progress.step < progress.steps) return;
      reported = now;
      send({ type: "step", ...progress });
    },
  });
  const memory = memoryFigures();
  // After the run: a library that is loaded by being looked at would not know the number of threads.
  const { provider, hardware, driver, versions } = await runner.inspectDevice(job.spec.device);
  const environment: Environment = {
    ...job.environment,
    versions: { ...job.environment.versions, ...versions },
    device: { name: job.spec.device, provider, hardware, driver },
    started,
  };
  await writeRecord(job.out, job.spec, result, memory, environment);
  const metric = result.metrics[0].name;
  send({ type: "done", metric, score: result.scores.test[metric] });
}

async function plan(job: Job & { mode: "plan" }, runner: CellRunner): Promise<void> {
  for (const { spec, ...places } of job.cells) send({ type: "planned", plan: await runner.planCell(spec, places) });
}

function send(message: Message): void {
  const bytes = new TextEncoder().encode(`${JSON.stringify(message)}\n`);
  for (let written = 0; written < bytes.length;) written += Deno.stdout.writeSync(bytes.subarray(written));
}

/** The first line of standard input. Goes on reading: its end is the launcher's. */
function readJob(): Promise<Job> {
  return new Promise((resolve) => {
    let text = "";
    const read = async () => {
      for await (const chunk of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
        if (text.includes("\n")) continue;
        text += chunk;
        if (text.includes("\n")) resolve(JSON.parse(text));
      }
      Deno.exit(LAUNCHER_GONE);
    };
    read();
  });
}
