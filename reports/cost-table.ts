/**
 * The table of a protocol's further costs: FLOPs, times, bytes for several tasks, and a score that weighs them.
 * @module
 */
import { formatBytes } from "../base/bytes.ts";
import { middleCost } from "./costs/costs.ts";
import { PENALTIES, pscpOf } from "./costs/pscp.ts";
import { backboneBytes, bytesForTasks } from "./costs/storage.ts";
import { formatAmount, formatScore, formatSeconds, MISSING } from "./format.ts";
import type { Protocol, Setting } from "./results.ts";
import { type CellStyle, type Column, columnTable, type Table } from "./table.ts";
import type { Remark } from "./words.ts";

/** Numbers of tasks that bytes are shown for. */
const TASKS = [1, 10, 100];

/** The table; FLOPs and PSCP are left out where no record has FLOPs. */
export function costTableOf({ settings }: Protocol, style: CellStyle): Table {
  const columns: Column[] = [["method", ({ label }) => style.text(label)]];
  if (hasFlops(settings)) {
    columns.push(
      ["FLOPs a text", ({ runs }) => shown(middleCost(runs, "inference_flops"), formatAmount)],
      ["× backbone", ({ runs }) => shown(ratioOf({ runs }), (ratio) => ratio.toFixed(2))],
      ["FLOPs a step", ({ runs }) => shown(middleCost(runs, "train_step_flops"), formatAmount)],
    );
  }
  columns.push(
    ["step", ({ runs }) => shown(middleCost(runs, "step_seconds"), formatStep)],
    ["to best", ({ runs }) => shown(middleCost(runs, "seconds_to_best"), formatSeconds)],
  );
  for (const tasks of TASKS) {
    columns.push([
      tasks === 1 ? "stored, 1 task" : `${tasks} tasks`,
      ({ runs: [run] }) => formatBytes(bytesForTasks(run, tasks)),
    ]);
  }
  if (hasFlops(settings)) {
    columns.push(["PSCP", (setting) => shown(pscpOf(setting), (value) => formatScore(value, setting.metric.unit))]);
  }
  return columnTable(columns, settings);
}

/** What the columns of the table mean. */
export function costRemarks({ settings }: Protocol): Remark[] {
  const [{ runs: [run] }] = settings;
  const { maxLength, batchSize } = run.spec.training;
  const most = TASKS.at(-1)!;
  const stored: Remark = [
    `Stored: the backbone, ${
      formatBytes(backboneBytes(run))
    }, once, and what each task adds; a whole model for each of ` +
    `${most} tasks would be ${formatBytes(most * backboneBytes(run))}`,
  ];
  const times: Remark = [
    "Step: time of a training step; to best: time in training steps up to the epoch with the best validation score. Medians over the seeds",
  ];
  if (!hasFlops(settings)) return [times, stored];
  const constants = Object.values(PENALTIES).map(({ name, reference, weight }) =>
    `${name} ÷ ${formatAmount(reference)}${weight === 1 ? "" : `, β ${weight}`}`
  );
  return [
    [
      `FLOPs: of matrix products, for texts of ${maxLength} tokens, a step has ${batchSize}; what can be folded into the ` +
      "backbone's weights costs nothing when a text is answered",
    ],
    times,
    stored,
    [
      `PSCP (PEFT-Bench, arXiv 2511.21285): the score times (1 + cost)^−1 for each of: ${constants.join("; ")}. The ` +
      "constants are the paper's, a choice for models of billions of parameters; nothing is ranked by it",
    ],
  ];
}

/** The seconds of a step in milliseconds, with three digits. */
function formatStep(seconds: number): string {
  return `${Number((1000 * seconds).toPrecision(3))} ms`;
}

function hasFlops(settings: readonly Setting[]): boolean {
  return settings.some(({ runs }) => middleCost(runs, "inference_flops") !== null);
}

function ratioOf({ runs }: Pick<Setting, "runs">): number | null {
  const [flops, ofBackbone] = [middleCost(runs, "inference_flops"), middleCost(runs, "backbone_flops")];
  return flops === null || ofBackbone === null ? null : flops / ofBackbone;
}

function shown(value: number | null, format: (value: number) => string): string {
  return value === null ? MISSING : format(value);
}
