/**
 * Entry of the worker process: one cell, with a process and a memory of its own.
 * @module
 */
import "../training/memory.ts";
import { runJob } from "./run-job.ts";
import { estimateCell, runCell } from "../training/run-cell.ts";

await runJob({ runCell, estimateCell });
