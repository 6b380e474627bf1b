/**
 * Checks of a run. An integrity check that fails makes the run a failure; a flag is only reported beside the score.
 * @module
 */
import { createHash } from "node:crypto";
import { openFile } from "../../base/files.ts";
import { sizeOf } from "../../base/shapes.ts";
import type { StoredTensor } from "../../engine/types.ts";
import { textHash, textKey } from "../../tasks/examples.ts";
import type { SeenTexts } from "../adapters/seen-texts.ts";
import { knownScores, type RunRecord, type Scores } from "../study/record.ts";
import { isBetter } from "./evaluate.ts";
import type { Splits } from "./split.ts";
import type { TrainingTask } from "./training-task.ts";

/** Bytes read at a time. Few, as hashing must not raise the memory that is measured. */
const CHUNK = 1 << 20;

/** SHA-256 in hexadecimal over the bytes of tensors on disk, in the order of their names. */
export async function hashStored(tensors: Record<string, StoredTensor>): Promise<string> {
  const hash = createHash("sha256");
  const buffer = new Uint8Array(CHUNK);
  const files = new Map<string, Deno.FsFile>();
  for (const [, { path, offset, shape }] of Object.entries(tensors).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const file = files.get(path) ?? (await openFile(path)).file;
    files.set(path, file);
    await file.seek(offset, Deno.SeekMode.Start);
    let left = 4 * sizeOf(shape);
    while (left > 0) {
      const count = await file.read(buffer.subarray(0, Math.min(CHUNK, left)));
      if (count === null) throw new Error(`Cannot read ${path}: it ends inside a tensor`);
      hash.update(buffer.subarray(0, count));
      left -= count;
    }
  }
  for (const file of files.values()) file.close();
  return hash.digest("hex");
}

/** Collects the integrity checks of a run. */
export class Integrity {
  /** The checks that passed. */
  readonly passed: RunRecord["checks"]["integrity"] = [];

  /**
   * Adds a check that passed.
   * @throws {Error} if it failed
   */
  check(name: string, holds: boolean, detail: string): void {
    if (!holds) throw new Error(`Cannot trust the run: ${name} failed (${detail})`);
    this.passed.push({ name, detail });
  }
}

/** Number of test texts that also occur in train or validation. */
export function countLeaks({ train, validation, test }: Splits): number {
  const seen = new Set([...train, ...validation].map(textKey));
  return test.filter((example) => seen.has(textKey(example))).length;
}

/** Number of validation and test texts with one of these hashes. */
export function countKnown({ validation, test }: Splits, hashes: ReadonlySet<string>): number {
  return [...validation, ...test].filter((example) => hashes.has(textHash(example))).length;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Warns of training in which the loss did not fall; nothing where nothing was trained. */
export function flagLoss(stepLoss: readonly number[]): RunRecord["checks"]["flags"] {
  if (stepLoss.length === 0) return [];
  const quarter = Math.max(1, Math.floor(stepLoss.length / 4));
  const first = meanOf(stepLoss.slice(0, quarter));
  const last = meanOf(stepLoss.slice(-quarter));
  return [{
    name: "loss did not fall",
    raised: last >= first,
    detail: `mean loss of the first quarter of the steps ${first.toFixed(4)}, of the last ${last.toFixed(4)}`,
  }];
}

/**
 * Warnings about a run that is valid: its loss did not fall, or it is no better than always giving one answer.
 * @param scores on the test examples
 */
export function raiseFlags(
  stepLoss: readonly number[],
  { metrics: [metric], majority, constantName }: Pick<TrainingTask, "metrics" | "majority" | "constantName">,
  scores: Scores,
): RunRecord["checks"]["flags"] {
  const loss = flagLoss(stepLoss);
  const constant = knownScores(majority)?.[metric.name];
  if (constant === undefined) return loss;
  const score = scores[metric.name];
  return [...loss, {
    name: "score at majority",
    raised: !isBetter(metric, score, constant),
    detail: `test score ${score.toFixed(4)}, of the ${constantName} ${constant.toFixed(4)}`,
  }];
}

/** Warns of a run that started from an adapter of which it is not known what it has learnt from. */
export function flagUnknownTexts({ complete }: SeenTexts): RunRecord["checks"]["flags"][number] {
  return {
    name: "test may be known",
    raised: !complete,
    detail: complete
      ? "what training started from names all texts that it has learnt from"
      : "what training started from does not name all texts that it has learnt from: test may hold some of them",
  };
}

/** Warns of data that are not those published under the task's name, as far as their numbers tell. */
export function flagOtherData(
  sizes: Record<string, number>,
  published: Record<string, number>,
): RunRecord["checks"]["flags"][number] {
  const inWords = (numbers: Record<string, number>) =>
    Object.keys(published).map((name) => `${name} ${numbers[name]}`).join(", ");
  return {
    name: "data not as published",
    raised: Object.entries(published).some(([name, size]) => sizes[name] !== size),
    detail: `examples in the files: ${inWords(sizes)}; published: ${inWords(published)}`,
  };
}
