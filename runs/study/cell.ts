/**
 * A cell of a study: one run to make.
 * @module
 */
import type { Known, MemoryPlan } from "../../engine/types.ts";
import type { TablePaths } from "../../tasks/described/task.ts";
import type { PluginPaths } from "../plugins/types.ts";
import type { RunRecord } from "./record.ts";
import type { RunSpec } from "./spec.ts";
import type { TrialRecord } from "./tuning/trial-record.ts";

/** Paths on this machine of what a spec names by its checksum. */
export interface LocalPaths {
  /** The folder of the model's files; absent: it is one of the table. */
  folder?: string;
  /** The folder of the task's files, if users give them. */
  taskFiles?: string;
  /** The files of a described task, by part of the data. */
  tables?: TablePaths;
  /** The folder of the adapter that training starts from. */
  from?: string;
  /** The plug-ins that it uses. */
  plugins?: PluginPaths;
}

/** A run to make. */
export interface Cell extends LocalPaths {
  /** Id of the run. */
  id: string;
  /** What decides its result. */
  spec: RunSpec;
  /** Of a tuned run, the ids of its trials, in their order: each is a cell, and this one waits for their records. */
  trials?: readonly string[];
}

/** Cells that differ only in their seed. */
export interface CellsOfSetting extends LocalPaths {
  /** What decides their results, with the first of their seeds. */
  spec: RunSpec;
  /** Their seeds. */
  seeds: readonly number[];
}

/** The part of a record that training determines. */
export type CellResult =
  & Omit<RunRecord, "version" | "id" | "setting" | "spec" | "tuning" | "memory" | "environment">
  & { planned: MemoryPlan };

/** The part of a trial's record that training determines. */
export type TrialResult =
  & Omit<TrialRecord, "version" | "id" | "setting" | "spec" | "memory" | "environment">
  & { planned: MemoryPlan };

/** What --dry-run computes of a cell before it runs. */
export interface CellEstimate {
  /** Numbers of trained values. */
  parameters: RunRecord["parameters"];
  /** Memory of a training step. */
  planned: MemoryPlan;
  /** Seconds that the cell takes, or why that is not known. */
  seconds: Known<number>;
}
