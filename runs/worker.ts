/**
 * Entry of the worker process: one cell, with a process and a memory of its own.
 * @module
 */
import "./memory.ts";
import { serve } from "./serve.ts";
import { inspectDevice, planCell, runCell } from "./run-cell.ts";

await serve({ runCell, planCell, inspectDevice });
