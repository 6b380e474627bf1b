/**
 * The contestants of a comparison: processes that start from the same files and take turns.
 * @module
 */
import { fileURLToPath } from "node:url";
import { workerArguments } from "../runs/launch/worker-process.ts";
import { PeerProcess } from "./peer-process.ts";
import { type FilesSpec, GENERATED, type Job, PROMPT, THREADS } from "./cases.ts";

const python = Deno.env.get("TUNEBENCH_PYTHON") ?? "python3";
const pathOf = (file: string) => fileURLToPath(new URL(file, import.meta.url));

/** What a measurement found. */
export interface Report {
  /** For the terminal, in Markdown. */
  text: string;
  /** Checks that do not hold, as sentences. */
  violations: string[];
}

/** TuneBench's side: answers as train.ts says. */
export function tuneBench(folder: string, method: string, job: Job): PeerProcess {
  return new PeerProcess(Deno.execPath(), [
    ...workerArguments,
    pathOf("train.ts"),
    folder,
    method,
    JSON.stringify(job),
  ]);
}

/** The most that this machine does: answers as roof.ts says. */
export function roof(folder: string, method: string, job: Job): PeerProcess {
  return new PeerProcess(Deno.execPath(), [...workerArguments, pathOf("roof.ts"), folder, method, JSON.stringify(job)]);
}

/** PyTorch and PEFT, a step on all texts an epoch. */
export function peft(folder: string, method: string, { epochs }: Job): PeerProcess {
  return new PeerProcess(python, [pathOf("step_peft.py"), folder, method, String(epochs), String(THREADS)]);
}

/** transformers' Trainer and PEFT. `sampling` is Trainer's train_sampling_strategy. */
export function trainer(folder: string, method: string, { batchSize }: Job, sampling: string): PeerProcess {
  const args = [folder, method, sampling, String(batchSize), String(THREADS)];
  return new PeerProcess(python, [pathOf("epoch_peft.py"), ...args]);
}

/** What a side of a comparison of language models does. */
interface LanguageJob {
  /** Name of the method, or "none". */
  method: string;
  /** What is measured. */
  mode: "train" | "generate";
}

/** TuneBench's side of a language model: answers as language.ts says. */
export function ourLanguage(folder: string, model: string, { method, mode }: LanguageJob, steps: number): PeerProcess {
  const args = [...workerArguments, pathOf("language.ts"), folder, model, method, mode, String(steps)];
  return new PeerProcess(Deno.execPath(), args);
}

/** transformers and PEFT on a language model. */
export function languagePeer(folder: string, model: string, { method, mode }: LanguageJob, steps: number): PeerProcess {
  const numbers = [steps, THREADS, PROMPT, GENERATED].map(String);
  return new PeerProcess(python, [pathOf("language_peft.py"), folder, model, method, mode, ...numbers]);
}

/** Runs a program that writes the files of a comparison. */
export async function runAside(program: string, given: readonly string[]): Promise<void> {
  const args = [...workerArguments, pathOf(program), ...given];
  const { success } = await new Deno.Command(Deno.execPath(), { args }).spawn().status;
  if (!success) throw new Error("Cannot measure: the files of the comparison could not be written");
}

/** Measures with a folder that is removed afterwards. */
export async function inScratch<T>(measure: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "tunebench-perf-" });
  return await measure(folder).finally(() => Deno.remove(folder, { recursive: true }));
}

/** Measures with the files of a comparison in a folder of its own. */
export function withFiles<T>(spec: FilesSpec, measure: (folder: string) => Promise<T>): Promise<T> {
  return inScratch(async (folder) => {
    await runAside("prepare.ts", [folder, JSON.stringify(spec)]);
    return await measure(folder);
  });
}

/** Answers of contestants that take turns: by contestant, one a round. They end afterwards. */
export async function alternate<Answer>(
  contestants: readonly PeerProcess[],
  rounds: number,
  order: string,
): Promise<Answer[][]> {
  try {
    // Nobody begins while another still loads its libraries.
    for (const contestant of contestants) await contestant.ask("ready");
    const answers: Answer[][] = contestants.map(() => []);
    for (let round = 0; round < rounds; round++) {
      for (const [at, contestant] of contestants.entries()) answers[at].push(await contestant.ask(order));
    }
    return answers;
  } finally {
    await Promise.all(contestants.map((contestant) => contestant.end()));
  }
}

/** Whether Python has what the peers need; says so where it has not. */
export async function peersWork(): Promise<boolean> {
  const args = ["-c", "import accelerate, peft, safetensors, tokenizers, torch, transformers"];
  try {
    if ((await new Deno.Command(python, { args, stderr: "null" }).output()).success) return true;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  console.error(
    `${python} lacks packages of perf/requirements.txt: TuneBench is measured alone. Install them and name that ` +
      "Python in TUNEBENCH_PYTHON to compare.",
  );
  return false;
}
