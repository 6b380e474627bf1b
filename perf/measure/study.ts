/**
 * A whole study next to a plain script with PyTorch and PEFT: what a person waits for.
 * @module
 */
import { lookUp } from "../../base/errors.ts";
import { mean, median } from "../../reports/statistics/basics.ts";
import { presets } from "../../runs/study/presets.ts";
import { readRecords } from "../../runs/study/read-records.ts";
import type { RunRecord } from "../../runs/study/record.ts";
import { methodName } from "../../runs/study/spec.ts";
import type { Study } from "../../runs/study/study.ts";
import { type ComputeOptions, describeCompute } from "../cases.ts";
import type { PeerOutcome, PeerStudy } from "../processes/peer-study.ts";
import { runTask } from "../processes/run-task.ts";
import { arePeersInstalled, runProgram, startPeerStudy } from "../processes/start.ts";
import { withTemporaryFolder } from "../processes/with-files.ts";
import { percent, type Report, type Row, spread, table } from "./report.ts";
import { timeSeconds } from "./start.ts";

/** The greatest difference between both sides' losses in the first step of a cell, which int8 does not alter: a head starts from zeros. */
const TOLERANCE = 1e-4;
/** How much faster than the script the preset quick must be. */
const LEAST_GAIN = 2;

/**
 * A preset's study, computed so; in 8-bit integers without full fine-tuning, which keeps no matrix frozen.
 * @throws {UsageError} if there is no such preset
 */
function studyOf(preset: string, compute: ComputeOptions): Study {
  const { study } = lookUp("preset", presets, preset);
  const methods = study.methods.filter((method) => compute.precision === "float32" || method !== "full");
  return { ...study, ...compute, methods };
}

/** Runs the study here. @param path of its study.json @returns the seconds, and the records by id */
function runHere(path: string): Promise<{ seconds: number; records: Map<string, RunRecord> }> {
  return withTemporaryFolder(async (folder) => {
    const seconds = await timeSeconds(() => runTask("bench", [path, "--out", folder]));
    const { records } = await readRecords(folder);
    return { seconds, records: new Map(records.map((record) => [record.id, record])) };
  });
}

/** Runs the study by the peer, from the start of Python. @returns the seconds, and the outcomes by id */
async function runPeer(folder: string, { cells }: PeerStudy) {
  const outcomes = new Map<string, PeerOutcome>();
  const seconds = await timeSeconds(async () => {
    const peer = startPeerStudy(folder);
    try {
      for (const { id } of cells) outcomes.set(id, await peer.ask<PeerOutcome>(id));
    } finally {
      await peer.end();
    }
  });
  return { seconds, outcomes };
}

/** A row of each method: the mean accuracy and the steps of both sides. */
function methodRows(records: ReadonlyMap<string, RunRecord>, outcomes: ReadonlyMap<string, PeerOutcome>): Row[] {
  const cells = [...records.values()].map((record) => ({ record, outcome: outcomes.get(record.id)! }));
  return [...Map.groupBy(cells, ({ record }) => methodName(record.spec))].map(([method, ofMethod]) => ({
    method,
    "accuracy": percent(mean(ofMethod.map(({ record }) => record.scores.test.accuracy))),
    "PyTorch's accuracy": percent(mean(ofMethod.map(({ outcome }) => outcome.accuracy))),
    "steps": String(ofMethod.reduce((sum, { record }) => sum + record.curve.stepLoss.length, 0)),
    "PyTorch's steps": String(ofMethod.reduce((sum, { outcome }) => sum + outcome.stepLoss.length, 0)),
    "first losses differ by": Math.max(...ofMethod.map(firstDifference)).toExponential(0),
  }));
}

/** How far the losses of a cell's first step are apart. */
function firstDifference({ record, outcome }: { record: RunRecord; outcome: PeerOutcome }): number {
  return Math.abs(record.curve.stepLoss[0] - outcome.stepLoss[0]);
}

/**
 * Measures a preset's study on use-lite, in turn with the script, which computes in float32.
 * @throws {UsageError} if there is no such preset
 */
export async function measureStudy(preset: string, compute: ComputeOptions, rounds: number): Promise<Report> {
  const asked = studyOf(preset, compute);
  const withPeer = await arePeersInstalled();
  return await withTemporaryFolder(async (folder) => {
    const ours: number[] = [];
    const theirs: number[] = [];
    const violations: string[] = [];
    let rows: Row[] = [];
    const path = `${folder}/asked.json`;
    await Deno.writeTextFile(path, JSON.stringify(asked));
    if (withPeer) await runProgram("write-study.ts", [folder, path]);
    const study: PeerStudy | undefined = withPeer && JSON.parse(await Deno.readTextFile(`${folder}/study.json`));
    for (let round = 0; round < rounds; round++) {
      const { seconds, records } = await runHere(path);
      ours.push(seconds);
      if (!study) continue;
      const peer = await runPeer(folder, study);
      theirs.push(peer.seconds);
      rows = methodRows(records, peer.outcomes);
      for (const record of records.values()) {
        const difference = firstDifference({ record, outcome: peer.outcomes.get(record.id)! });
        if (difference <= TOLERANCE) continue;
        violations.push(
          `Cannot compare ${record.id}: first losses must agree within ${TOLERANCE}, they differ by ${difference}`,
        );
      }
    }
    const heading = `The study ${preset}, from the command to its report: ${describeCompute(compute)}. ` +
      `Median (range) over ${rounds} rounds in turn.`;
    const times: Row = { side: "TuneBench", "s": spread(ours, 0), "times as fast": "" };
    if (!study) return { text: `${heading}\n\n${table([times])}`, violations };
    const gains = theirs.map((time, round) => time / ours[round]);
    if (preset === "quick" && median(gains) < LEAST_GAIN) {
      violations.push(`A study is ${median(gains).toFixed(2)} times as fast as the script, less than ${LEAST_GAIN}`);
    }
    const sides = [times, { side: "PyTorch", "s": spread(theirs, 0), "times as fast": spread(gains, 2) }];
    return {
      text:
        `${heading} PyTorch: a plain script in one process, float32, LoRA by PEFT, with the same token ids, start ` +
        `values, batches and rule for the last epoch; it does not tokenize, check or record.\n\n${table(sides)}\n\n${
          table(rows)
        }`,
      violations,
    };
  });
}
