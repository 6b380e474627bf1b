/**
 * A cell of a study: one run to make.
 * @module
 */
import type { MemoryPlan } from "../../engine/types.ts";
import type { RunRecord } from "./record.ts";
import type { RunSpec } from "./spec.ts";

/** Where on this machine lies what a spec names by its checksum. */
export interface LocalPaths {
  /** The model, if it is a folder. */
  folder?: string;
  /** The folder of the task's files, if users give them. */
  taskFiles?: string;
  /** The adapter that training starts from. */
  from?: string;
}

/** A run to make. */
export interface Cell extends LocalPaths {
  /** Name of the run. */
  id: string;
  /** What decides its result. */
  spec: RunSpec;
}

/** All of a record that training knows. */
export type CellResult =
  & Omit<RunRecord, "version" | "id" | "setting" | "spec" | "memory" | "environment">
  & { planned: MemoryPlan };

/** What is known of a cell before it runs. */
export interface CellEstimate {
  /** Numbers of trained values. */
  parameters: RunRecord["parameters"];
  /** Memory of a training step. */
  planned: MemoryPlan;
}
