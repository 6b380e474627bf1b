/**
 * What an array of tasks was submitted for, as a folder of the results folder: `slurm/<number>`, with the script and the logs.
 * @module
 */
import { resolve } from "node:path";
import { readObject } from "../../base/files.ts";
import { writeJson } from "../../base/write-files.ts";
import type { Study } from "../study/study.ts";

/** What its tasks need to know. */
export interface Submission {
  /** Version of this form. */
  version: 1;
  /** The folder from which relative paths of the study count. */
  from: string;
  /** What is compared. */
  study: Study;
  /** The runs to train, each with the number of its failures before. */
  runs: Record<string, number>;
  /** Also store fully trained models. */
  keep?: boolean;
  /** Seconds between two checkpoints of a cell. */
  checkpoint?: number;
  /** Most seconds of a cell. */
  cellTimeout?: number;
}

/** Bytes of the longest submission that is read: a million runs take a tenth of it. */
const LONGEST = 1 << 28;

/** A new folder for a submission: the first number that nobody has. @param out the results folder */
export async function makeSubmissionFolder(out: string): Promise<string> {
  await Deno.mkdir(`${out}/slurm`, { recursive: true });
  for (let n = 1;; n++) {
    const folder = `${resolve(out)}/slurm/${n}`;
    try {
      await Deno.mkdir(folder);
      return folder;
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
  }
}

/** The results folder of a submission's folder. */
export function resultsOf(folder: string): string {
  return resolve(folder, "../..");
}

/** Writes a submission into its folder. */
export async function writeSubmission(folder: string, submission: Submission): Promise<void> {
  await writeJson(`${folder}/submission.json`, submission);
}

/** Reads the submission of a folder. @throws {Error} if there is none, or if it is of another version */
export async function readSubmission(folder: string): Promise<Submission> {
  const path = `${folder}/submission.json`;
  const submission = await readObject(path, LONGEST);
  if (submission.version === 1) return submission as unknown as Submission;
  throw new Error(`Cannot read ${path}: its version must be 1, current value is ${submission.version}`);
}
