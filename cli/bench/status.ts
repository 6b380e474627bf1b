/**
 * The command bench status: says how far the cells of a results folder are.
 * @module
 */
import type { Command } from "commander";
import type { FolderStatus } from "../../runs/status/folder-status.ts";
import type { SetStatus } from "../command.ts";

/** Seconds between two looks. */
const LOOK_EVERY = 0.5;

/** Most seconds for which claims are watched, to see whether their owners live: these count every 3 seconds. */
const LONGEST_WATCH = 10;

/** Adds the command below bench. */
export function addStatus(bench: Command, setStatus: SetStatus): void {
  bench.command("status")
    .description("say how far the cells of a results folder are, whoever trains them")
    .argument("[results]", "results folder", "results")
    .option("--attach", "go on until each cell has a record or has failed; Ctrl-C ends this view alone")
    .option("--cells", "list all cells by the ids of their runs, which name records and the folders of adapters")
    .action(async (folder: string, flags: StatusFlags) => setStatus(await runStatus(folder, flags)));
}

interface StatusFlags {
  attach?: true;
  cells?: true;
}

async function runStatus(out: string, { attach, cells }: StatusFlags): Promise<number> {
  const { StatusReader } = await import("../../runs/status/folder-status.ts");
  const { renderCells, renderStatus, showStatus } = await import("../output/status-lines.ts");
  const { standardError } = await import("../output/progress.ts");
  using reader = await StatusReader.open(out);
  const show = attach ? showStatus(standardError()) : undefined;
  let status: FolderStatus;
  for (let waited = 0;; waited += LOOK_EVERY) {
    status = await reader.look();
    show?.(status);
    const watched = status.underWay.some(({ alive }) => !alive) && waited < LONGEST_WATCH;
    if (attach ? status.underWay.length + status.waiting === 0 : !watched) break;
    await new Promise((resolve) => setTimeout(resolve, 1000 * LOOK_EVERY));
  }
  for (const line of [...renderStatus(status), ...cells ? renderCells(status) : []]) console.log(line);
  if (status.recorded === status.cells) console.log(`deno task report ${out} writes the tables.`);
  return status.failed.length > 0 ? 1 : 0;
}
