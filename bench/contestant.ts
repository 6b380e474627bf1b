/**
 * A process that trains in turns, so that two can be compared under the same load of the machine.
 * @module
 */

/** What a contestant says after a turn. */
export interface Turn {
  /** Of each step. */
  milliseconds: number[];
  /** Loss before each step. */
  losses: number[];
  /** Greatest resident size so far, in bytes. */
  peak: number;
  /** Resident size now, in bytes, where the contestant knows it. */
  resident?: number;
}

/** A process that trains in turns. */
export class Contestant {
  readonly #program: string;
  readonly #child: Deno.ChildProcess;
  readonly #orders: WritableStreamDefaultWriter<Uint8Array>;
  readonly #answers: AsyncIterator<string>;
  readonly #errors: Promise<string>;

  /**
   * Starts the process.
   * @throws {Deno.errors.NotFound} if there is no such program
   */
  constructor(program: string, args: readonly string[]) {
    this.#program = program;
    const command = new Deno.Command(program, { args: [...args], stdin: "piped", stdout: "piped", stderr: "piped" });
    this.#child = command.spawn();
    this.#orders = this.#child.stdin.getWriter();
    this.#answers = lines(this.#child.stdout);
    this.#errors = new Response(this.#child.stderr).text();
  }

  /**
   * Trains for some steps.
   * @throws {Error} if the process ends instead
   */
  async take(steps: number): Promise<Turn> {
    // A process that has ended says so by its answer, below.
    await this.#orders.write(new TextEncoder().encode(`${steps}\n`)).catch(() => {});
    const { done, value } = await this.#answers.next();
    if (done) {
      const last = (await this.#errors).trim().split("\n").at(-1) || "it said nothing";
      throw new Error(`Cannot measure: ${this.#program} has ended: ${last}`);
    }
    return JSON.parse(value);
  }

  /** Ends the process. */
  async end(): Promise<void> {
    this.#child.kill();
    await this.#child.status;
  }
}

async function* lines(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    yield* parts;
  }
}
