/**
 * Claims of cells, by which several benches on one results folder, also on several machines, train each cell once.
 *
 * A claim is a file beside the records, `runs/<id>.<generation>.claim`. Whoever creates it has the cell: of several that try,
 * one succeeds, also on a shared file system. The owner counts in the file for as long as it lives. A file that another
 * bench has seen unchanged for long enough, by a clock of its own, is that of a dead owner: the bench creates the next
 * generation, again as the only one. No clocks of two machines are compared and no locks of the system are needed.
 * @module
 */
import os from "node:os";
import { exists } from "../../../base/files.ts";
import { RunningClock } from "../../../base/running-clock.ts";

/** Seconds that a claim may stand still before another bench takes it over. */
export const PATIENCE = 30;

/** Times that a claim's owner counts within the patience of the others. */
const BEATS = 10;

/** The name of a claim's file: the run's id, and how many owners there have been, the dead ones before this included. */
export const CLAIM_NAME = /^(?<id>[0-9a-f]+)\.(?<generation>\d+)\.claim$/;

/** What a claim's file says, for people and for `bench status`. */
export interface ClaimText {
  /** The owner's machine. */
  host: string;
  /** The owner's process id there. */
  process: number;
  /** What tells its owner from all others. */
  token: string;
  /** How often the owner has counted. */
  count: number;
  /** Seconds between two counts. */
  every: number;
  /** The last event on the cell, as in the file of events. */
  event?: unknown;
}

/** Creates a file with this text. @returns false if there is one already */
async function create(path: string, text: string): Promise<boolean> {
  try {
    await Deno.writeTextFile(path, text, { createNew: true });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw error;
  }
}

/** The text of a claim; undefined if it is gone. */
async function read(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Removes a claim, unless another bench has done so. */
async function remove(path: string): Promise<void> {
  await Deno.remove(path).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

/** Who writes a claim's file. */
class Owner {
  readonly #token = crypto.randomUUID();
  #count = 0;
  #event: unknown;

  /** @param every seconds between two counts */
  constructor(readonly every: number) {}

  /** Has the next text say what happened last. */
  note(event: unknown): void {
    this.#event = event;
  }

  /** The text of the file, another one each time. */
  next(): string {
    const text: ClaimText = {
      host: os.hostname(),
      process: Deno.pid,
      token: this.#token,
      count: this.#count++,
      every: this.every,
      event: this.#event,
    };
    return `${JSON.stringify(text)}\n`;
  }

  /** Whether this owner wrote a text. */
  wrote(text: string): boolean {
    return text.includes(this.#token);
  }
}

/** A claim that this process holds, until it is released. */
export class Claim {
  readonly #lost = new AbortController();
  readonly #timer: ReturnType<typeof setInterval>;
  #beating: Promise<void> = Promise.resolve();

  /**
   * Counts in a claim that was created.
   * @param pathOf the file of a generation
   */
  constructor(
    private readonly pathOf: (generation: number) => string,
    private readonly generation: number,
    private readonly owner: Owner,
  ) {
    this.#timer = setInterval(() => this.#beating = this.#beating.then(() => this.#beat()), 1000 * owner.every);
  }

  /** Has the file say, from its next count on, what happened last: a line of the file of events, without the cell. */
  note(event: unknown): void {
    this.owner.note(event);
  }

  /** Aborted when another bench has taken the claim over, as this process was stopped for long, or when its file is gone. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Its file, and those of the dead owners before. */
  get files(): string[] {
    return Array.from({ length: this.generation }, (_, at) => this.pathOf(this.generation - at));
  }

  /** Lets others have what was claimed. */
  async release(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beating;
    if (!await this.#isHeld()) return;
    for (const path of this.files) await remove(path);
  }

  async #beat(): Promise<void> {
    try {
      if (!await this.#isHeld()) return this.#lose();
      await Deno.writeTextFile(this.pathOf(this.generation), this.owner.next(), { create: false });
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) this.#lose();
      // Anything else may pass: a full disk, a server that is away. If it does not, others take the claim over.
    }
  }

  async #isHeld(): Promise<boolean> {
    if (await exists(this.pathOf(this.generation + 1))) return false;
    const text = await read(this.pathOf(this.generation));
    return text !== undefined && this.owner.wrote(text);
  }

  #lose(): void {
    clearInterval(this.#timer);
    this.#lost.abort();
  }
}

/** A claim of another bench as it was seen first. */
interface Sighting {
  generation: number;
  text: string;
  /** Second of the clock. */
  since: number;
  /** Whether its owner has counted since it was seen first. */
  counted: boolean;
}

/** The claims of a results folder. */
export class Claims implements Disposable {
  readonly #clock: RunningClock;
  readonly #seen = new Map<string, Sighting>();

  /**
   * Claims nothing yet.
   * @param folder the results folder
   * @param patience seconds that a claim may stand still; the same for all benches on the folder
   */
  constructor(private readonly folder: string, private readonly patience: number = PATIENCE) {
    this.#clock = new RunningClock(patience / BEATS);
  }

  /** Stops watching the claims of others. */
  [Symbol.dispose](): void {
    this.#clock[Symbol.dispose]();
  }

  /** Removes what is left of claims whose cell has a record: an owner may end between the two. */
  async sweep(): Promise<void> {
    const names = new Set<string>();
    for await (const { name } of Deno.readDir(`${this.folder}/runs`)) names.add(name);
    for (const name of names) {
      const { id } = CLAIM_NAME.exec(name)?.groups ?? {};
      if (id !== undefined && names.has(`${id}.json`)) await remove(`${this.folder}/runs/${name}`);
    }
  }

  /**
   * Claims a cell. Whether it has a record must be looked up after that, too: the owner before may just have written it.
   * @returns undefined if another bench has it
   * @throws {Error} if the folder cannot be written
   */
  async take(id: string): Promise<Claim | undefined> {
    const pathOf = (generation: number) => `${this.folder}/runs/${id}.${generation}.claim`;
    const owner = new Owner(this.patience / BEATS);
    const hold = (generation: number) => new Claim(pathOf, generation, owner);
    if (await create(pathOf(1), owner.next())) {
      if (!await exists(pathOf(2))) return hold(1);
      // The cell is another's; the file of the dead owner before it was missing.
      await remove(pathOf(1));
    }
    let generation = 1;
    while (await exists(pathOf(generation + 1))) generation++;
    const text = await read(pathOf(generation));
    if (text === undefined || !this.#standsStill(id, generation, text)) return undefined;
    if (!await create(pathOf(generation + 1), owner.next())) return undefined;
    if (await read(pathOf(generation)) === text) return hold(generation + 1);
    // It counted, or was released, at the last moment.
    await remove(pathOf(generation + 1));
    return undefined;
  }

  /** Whether a claim has been the same for as long as others wait. */
  #standsStill(id: string, generation: number, text: string): boolean {
    const seen = this.#seen.get(id);
    if (seen?.generation === generation && seen.text === text) {
      return this.#clock.seconds - seen.since >= this.patience;
    }
    this.#seen.set(id, { generation, text, since: this.#clock.seconds, counted: seen?.generation === generation });
    return false;
  }

  /** Whether the owner of a cell that this bench could not claim has been seen to count: it lives. */
  isAlive(id: string): boolean {
    return this.#seen.get(id)?.counted ?? false;
  }
}
