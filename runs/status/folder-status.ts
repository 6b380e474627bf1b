/**
 * How far the cells of a results folder are, whoever trains them and wherever: what is recorded, failed and claimed there.
 * @module
 */
import { exists, lookedFor, readObject } from "../../base/files.ts";
import { RunningClock } from "../../base/running-clock.ts";
import { failurePath, LONGEST_FAILURE } from "../launch/train-cell.ts";
import { CELL_LIST, type ListedCell, readCellList } from "../study/shared/cell-list.ts";
import { CLAIM_NAME, type ClaimText } from "../study/shared/claims.ts";

/** A cell that somebody is training. */
export interface CellUnderWay {
  /** The cell in words. */
  title: string;
  /** Its owner, and the last event; undefined where the claim's file could not be read, as it was just being written. */
  claim?: ClaimText;
  /** Whether its owner has been seen to count. */
  alive: boolean;
  /** Seconds for which its owner has been seen not to count. */
  silent: number;
}

/** A cell that has failed. */
export interface FailedCell {
  /** The cell in words. */
  title: string;
  /** Why. */
  reason: string;
  /** The file that says more. */
  file: string;
}

/** How far the cells of a results folder are. */
export interface FolderStatus {
  /** All cells of the study that was asked for last. */
  cells: number;
  /** Cells that have a record. */
  recorded: number;
  /** Cells that are claimed. */
  underWay: CellUnderWay[];
  /** Cells that have failed since that study was asked for. */
  failed: FailedCell[];
  /** All others. */
  waiting: number;
  /** Every cell: the id of its run, the cell in words, and how far it is. */
  listed: { id: string; title: string; state: "done" | "under way" | "failed" | "waiting" }[];
}

/** A claim as it was seen first. */
interface Sighting {
  text: string;
  since: number;
  alive: boolean;
}

/** The names of a folder's entries; none where there is no folder. */
async function namesIn(folder: string): Promise<Set<string>> {
  const names = new Set<string>();
  try {
    for await (const { name } of Deno.readDir(folder)) names.add(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names;
}

function parseClaim(text: string): ClaimText | undefined {
  try {
    return JSON.parse(text);
  } catch {
    // Its owner is writing it.
    return undefined;
  }
}

/** Looks at a results folder again and again. It writes nothing there. */
export class StatusReader implements Disposable {
  readonly #clock = new RunningClock(1);
  readonly #seen = new Map<string, Sighting>();
  readonly #reasons = new Map<string, string>();

  private constructor(private readonly out: string, private readonly list: readonly ListedCell[]) {}

  /**
   * Reads what is to be done there.
   * @throws {Error} if no bench has begun there
   */
  static async open(out: string): Promise<StatusReader> {
    if (!await exists(`${out}/${CELL_LIST}`)) {
      throw new Error(`Cannot tell how far ${out} is: it must hold ${CELL_LIST}, which bench writes${lookedFor(out)}`);
    }
    return new StatusReader(out, await readCellList(out));
  }

  /** Stops the clock. */
  [Symbol.dispose](): void {
    this.#clock[Symbol.dispose]();
  }

  /** How far the cells are now. */
  async look(): Promise<FolderStatus> {
    const [runs, failures] = await Promise.all([namesIn(`${this.out}/runs`), namesIn(`${this.out}/failed`)]);
    const claims = lastClaims(runs);
    const status: FolderStatus = {
      cells: this.list.length,
      recorded: 0,
      underWay: [],
      failed: [],
      waiting: 0,
      listed: [],
    };
    for (const { id, title, failures: before = 0 } of this.list) {
      const claim = claims.get(id);
      const failure = `${id}.${before + 1}.json`;
      const state = runs.has(`${id}.json`)
        ? "done"
        : claim
        ? "under way"
        : failures.has(failure)
        ? "failed"
        : "waiting";
      status.listed.push({ id, title, state });
      if (state === "done") status.recorded++;
      else if (state === "waiting") status.waiting++;
      else if (state === "failed") status.failed.push({ title, ...await this.#reasonOf(id, before + 1) });
      else status.underWay.push({ title, ...await this.#lookAt(claim!) });
    }
    return status;
  }

  async #lookAt(name: string): Promise<Omit<CellUnderWay, "title">> {
    const text = await Deno.readTextFile(`${this.out}/runs/${name}`).catch(() => "");
    const before = this.#seen.get(name);
    const now = this.#clock.seconds;
    const seen = before?.text === text ? before : { text, since: now, alive: before !== undefined };
    this.#seen.set(name, seen);
    return { claim: parseClaim(text), alive: seen.alive, silent: now - seen.since };
  }

  async #reasonOf(id: string, n: number): Promise<Omit<FailedCell, "title">> {
    const file = failurePath(this.out, id, n);
    let reason = this.#reasons.get(file);
    if (reason === undefined) {
      reason = await readObject(file, LONGEST_FAILURE).then(({ reason }) => String(reason), ({ message }) => message);
      this.#reasons.set(file, reason!);
    }
    return { reason: reason!, file };
  }
}

/** The name of each cell's last claim, by the cell's id. */
function lastClaims(names: ReadonlySet<string>): Map<string, string> {
  const last = new Map<string, { generation: number; name: string }>();
  for (const name of names) {
    const { id, generation } = CLAIM_NAME.exec(name)?.groups ?? {};
    if (id !== undefined && Number(generation) > (last.get(id)?.generation ?? 0)) {
      last.set(id, { generation: Number(generation), name });
    }
  }
  return new Map([...last].map(([id, { name }]) => [id, name]));
}
