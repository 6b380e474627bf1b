/**
 * What `bench status` prints.
 * @module
 */
import { counted, shorten, visible } from "../../base/errors.ts";
import type { CellUnderWay, FolderStatus } from "../../runs/status/folder-status.ts";
import { PATIENCE } from "../../runs/study/shared/claims.ts";
import { duration, type Screen } from "./progress.ts";

/** A line with the numbers of cells, then a line for each that is under way or has failed. */
export function renderStatus(status: FolderStatus): string[] {
  return [
    summary(status),
    ...status.underWay.map((cell) => `  ${visible(cell.title)}: ${describe(cell)}`),
    ...status.failed.map(({ title, reason, file }) => `  ${visible(title)}: failed, ${shorten(reason)} (${file})`),
  ];
}

/** A line for each cell: the id of its run, how far it is, and the cell in words. */
export function renderCells({ listed }: Pick<FolderStatus, "listed">): string[] {
  return listed.map(({ id, title, state }) => `  ${id}  ${state.padEnd("under way".length)}  ${visible(title)}`);
}

function summary({ cells, recorded, underWay, failed, waiting }: FolderStatus): string {
  return `${counted(cells, "cell")}: ${recorded} done, ${underWay.length} under way, ${failed.length} failed, ` +
    `${waiting} waiting`;
}

/** Its last event, its owner, and how long it has had it. */
function describe({ claim, alive, silent }: CellUnderWay): string {
  if (!claim) return "just claimed";
  const { host, process, count, every } = claim;
  const owner = `${visible(String(host))}, process ${process}`;
  const life = alive && silent < PATIENCE
    ? `for ${duration(count * every)}`
    : `silent for ${duration(silent)}, others take the cell over after ${PATIENCE} s`;
  return `${lastEvent(claim.event)}; ${owner}, ${life}`;
}

function lastEvent(event: unknown): string {
  const { type, step, steps, loss } = event as Record<string, unknown> ?? {};
  if (type === "step") return `step ${step}/${steps}, loss ${Number(loss).toFixed(3)}`;
  return type === "held" ? "waiting for memory" : "starting";
}

/** Shows one status after the other: redrawn in place on a terminal, elsewhere a line where numbers change. */
export function showStatus(screen: Screen): (status: FolderStatus) => void {
  let drawn = 0;
  let before = "";
  return (status) => {
    const isOver = status.underWay.length + status.waiting === 0;
    const lines = isOver ? [] : screen.redraws ? renderStatus(status) : [summary(status)];
    if (!screen.redraws) {
      if (!isOver && lines[0] !== before) screen.write(`${lines[0]}\n`);
    } else {
      if (drawn > 0) screen.write(`\x1b[${drawn}A\x1b[J`);
      const width = Math.max(20, screen.columns() - 1);
      screen.write(lines.map((line) => `${line.slice(0, width)}\n`).join(""));
      drawn = lines.length;
    }
    before = lines[0];
  };
}
