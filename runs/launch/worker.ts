/**
 * The worker's program. Each cell runs in a worker process of its own, so that its memory can be measured.
 * @module
 */
import "../training/memory.ts";
import { runJob } from "./run-job.ts";
import { estimateCell } from "../training/estimates/estimate-cell.ts";
import { runCell, runTrial } from "../training/run-cell.ts";

await runJob({
  runCell,
  runTrial,
  estimateCell,
  // Loaded when it is asked for, as what it loads would count as memory of every worker.
  controlCell: async (spec, options) => (await import("../controls/control-cell.ts")).controlCell(spec, options),
});
