/**
 * What the launcher and its workers say to each other. The launcher writes one job to the worker's standard input, later orders,
 * and keeps it open for as long as it lives. The worker writes messages to its standard output. All are lines of JSON.
 * @module
 */
import type { DeviceReport } from "../../engine/types.ts";
import type { Checked } from "../plugins/check/types.ts";
import type { Provided } from "../plugins/provided.ts";
import type { PluginPaths } from "../plugins/types.ts";
import type { Cell, CellEstimate, CellsOfSetting, LocalPaths } from "../study/cell.ts";
import type { StepProgress } from "../training/cell-runner.ts";
import type { ControlRecord } from "../study/controls/control-record.ts";
import type { Environment } from "../study/record.ts";
import type { RunSpec } from "../study/spec.ts";
import type { Study } from "../study/study.ts";
import type { TunedRecord } from "../study/tuning/tuned-record.ts";

/** A model, and where its files lie; one of the table has no folder. */
export interface ModelFiles extends Pick<LocalPaths, "folder"> {
  /** Its name. */
  name: string;
  /** What it is to be adapted to. */
  settings: CellsOfSetting[];
}

/** What a worker has to do. */
export type Job =
  | LocalPaths & {
    mode: "run";
    spec: RunSpec;
    /** Of a tuned run: the trial that was chosen, whose options are trained. */
    tuning?: TunedRecord;
    out: string;
    keep: boolean;
    /** Seconds between two checkpoints; 0: none are written or read. */
    checkpoint: number;
    environment: Omit<Environment, "started" | "device">;
  }
  | { mode: "estimate"; threads: number; calibrate: boolean; cells: (LocalPaths & { spec: RunSpec })[] }
  | LocalPaths & { mode: "control"; spec: RunSpec; out: string; threads: number }
  | { mode: "inspect"; device: string }
  | { mode: "look"; models: ModelFiles[]; plugins?: PluginPaths }
  | PluginJob;

/** What a worker has to answer that loads plug-ins, as their code is for workers alone. */
export type PluginJob =
  & { plugins: PluginPaths }
  & (
    /** What are the cells of a study? `reads`: the files and folders that it names besides. */
    | { mode: "plan"; study: Study; reads: string[] }
    /** What do they define? */
    | { mode: "list" }
    /** Does it keep its contract? */
    | { mode: "check"; taskFiles?: string }
  );

/** What the launcher says to a worker that has its job. */
export type Order =
  /** There is room for the bytes that it has asked for. */
  | { type: "room" }
  /** It must save where training stands, and end. It is killed if it has not after a while. */
  | { type: "stop" };

/** What a worker says. */
export type Message =
  /** Bytes that training takes at least. */
  | { type: "planned"; bytes: number }
  /** Bytes of the planned step, for which the worker waits. */
  | { type: "reserve"; bytes: number }
  | ({ type: "step" } & StepProgress)
  /** A checkpoint of so many steps is written. */
  | { type: "saved"; step: number }
  /** Training goes on from a checkpoint, after so many steps. */
  | { type: "resumed"; step: number }
  /** A checkpoint cannot be used or written: why, in a sentence. */
  | { type: "remark"; text: string }
  /**
   * The record is written. `score` is the test score by `metric`, the first of the task's; of a trial the validation score, or null if
   * it diverged.
   */
  | { type: "done"; metric: string; score: number | null }
  /** One for each cell to estimate, in order. */
  | { type: "estimated"; estimate: CellEstimate }
  /** The negative controls are written. */
  | { type: "controlled"; record: ControlRecord }
  | { type: "inspected"; report: DeviceReport }
  /** A plug-in of that name has printed a text. */
  | { type: "said"; name: string; text: string }
  /** One for each model to look at, in order: why it cannot be used, or null. */
  | { type: "looked"; fault: string | null }
  /** The plug-ins of a {@linkcode PluginJob} are loaded. */
  | { type: "loaded" }
  /** A cell of a study; one after the other. */
  | { type: "cell"; cell: Cell }
  /** What the plug-ins define. */
  | { type: "provided"; provided: Provided[] }
  /** A contract was tried; one after the other. */
  | { type: "checked"; checked: Checked }
  /** The answer to a {@linkcode PluginJob} is complete. */
  | { type: "answered" }
  /** `usage`: what was asked is wrong. */
  | { type: "failed"; reason: string; usage: boolean };

/** Exit status of a worker whose launcher has ended. */
export const LAUNCHER_GONE = 3;

/** What the launcher says to its watchdog: a worker has started or, without files, has ended. */
export interface WatchdogLine {
  /** Its process id. */
  pid: number;
  /** What is removed when the watchdog has ended it. */
  files?: readonly string[];
}
