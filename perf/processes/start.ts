/**
 * Starts the processes that are measured: TuneBench's (perf/programs/) and its peers', PyTorch with transformers and PEFT
 * (perf/peers/).
 * @module
 */
import { fileURLToPath } from "node:url";
import { workerArguments } from "../../runs/launch/worker-process.ts";
import { NEW_TOKENS, PROMPT_TOKENS, THREADS, type TrainingOptions } from "../cases.ts";
import type { PredictorSetup } from "../programs/predict.ts";
import { MeasuredProcess } from "./measured-process.ts";

const python = Deno.env.get("TUNEBENCH_PYTHON") ?? "python3";

/** Arguments of Deno that run one of TuneBench's programs. */
function programArguments(program: string, args: readonly string[]): string[] {
  return [...workerArguments, "-P=perf", fileURLToPath(new URL(`../programs/${program}`, import.meta.url)), ...args];
}

function startProgram(program: string, args: readonly string[]): MeasuredProcess {
  return new MeasuredProcess(Deno.execPath(), programArguments(program, args));
}

function startPeer(program: string, args: readonly string[]): MeasuredProcess {
  return new MeasuredProcess(python, [fileURLToPath(new URL(`../peers/${program}`, import.meta.url)), ...args]);
}

/**
 * Runs one of TuneBench's programs to its end.
 * @throws {Error} if it fails
 */
export async function runProgram(program: string, args: readonly string[]): Promise<void> {
  const command = new Deno.Command(Deno.execPath(), { args: programArguments(program, args) });
  const { success } = await command.spawn().status;
  if (!success) throw new Error(`Cannot measure: ${program} could not write the files of the comparison`);
}

/**
 * What one of TuneBench's programs prints.
 * @throws {Error} if it fails
 */
export async function askProgram(program: string, args: readonly string[]): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), { args: programArguments(program, args), stderr: "inherit" });
  const { success, stdout } = await command.output();
  if (!success) throw new Error(`Cannot measure: ${program} must end well, it failed`);
  return new TextDecoder().decode(stdout);
}

/** TuneBench trains a classifier: train-classifier.ts. */
export function startTraining(folder: string, method: string, options: TrainingOptions): MeasuredProcess {
  return startProgram("train-classifier.ts", [folder, method, JSON.stringify(options)]);
}

/** The fastest matrix products of the device: roofline.ts. */
export function startRoofline(folder: string, method: string, options: TrainingOptions): MeasuredProcess {
  return startProgram("roofline.ts", [folder, method, JSON.stringify(options)]);
}

/** TuneBench predicts with adapters: predict.ts. */
export function startPredicting(setup: PredictorSetup): MeasuredProcess {
  return startProgram("predict.ts", [JSON.stringify(setup)]);
}

/** PyTorch and PEFT train a classifier, a step on all texts an epoch. */
export function startPeft(folder: string, method: string, { epochs }: TrainingOptions): MeasuredProcess {
  return startPeer("step_peft.py", [folder, method, String(epochs), String(THREADS)]);
}

/**
 * transformers' Trainer and PEFT train a classifier.
 * @param sampling Trainer's train_sampling_strategy
 */
export function startTrainer(
  folder: string,
  method: string,
  { batchSize }: TrainingOptions,
  sampling: string,
): MeasuredProcess {
  return startPeer("epoch_peft.py", [folder, method, sampling, String(batchSize), String(THREADS)]);
}

/** transformers and PEFT make whole runs, for their accuracy. */
export function startPeerRuns(): MeasuredProcess {
  return startPeer("accuracy_peft.py", [String(THREADS)]);
}

/** PyTorch and PEFT run the cells of a study that write-study.ts wrote. */
export function startPeerStudy(folder: string): MeasuredProcess {
  return startPeer("study_peft.py", [folder, String(THREADS)]);
}

/** What is measured of a language model. */
export interface LanguageWork {
  /** Name of the method, or "none". */
  method: string;
  /** Training steps, or generation. */
  mode: "train" | "generate";
}

/**
 * TuneBench on a language model: language-model.ts.
 * @param steps steps of all rounds together
 */
export function startLanguageModel(
  folder: string,
  model: string,
  { method, mode }: LanguageWork,
  steps: number,
): MeasuredProcess {
  return startProgram("language-model.ts", [folder, model, method, mode, String(steps)]);
}

/**
 * transformers and PEFT on a language model.
 * @param steps steps of all rounds together
 */
export function startLanguagePeer(
  folder: string,
  model: string,
  { method, mode }: LanguageWork,
  steps: number,
): MeasuredProcess {
  const numbers = [steps, THREADS, PROMPT_TOKENS, NEW_TOKENS].map(String);
  return startPeer("language_peft.py", [folder, model, method, mode, ...numbers]);
}

/** Whether Python has the packages that the peers need; says so on standard error where it has not. */
export async function arePeersInstalled(): Promise<boolean> {
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
