/**
 * A process that works in turns, so that several can be compared under the same load of the machine.
 * @module
 */

/** A process that answers each line of its standard input with a line of JSON. */
export class PeerProcess {
  readonly #program: string;
  readonly #child: Deno.ChildProcess;
  readonly #orders: WritableStreamDefaultWriter<Uint8Array>;
  readonly #answers: AsyncIterator<string>;
  readonly #errors: Promise<string>;
  readonly #status: Promise<void>;
  #ended = false;

  /**
   * Starts the process.
   * @throws {Deno.errors.NotFound} if there is no such program
   */
  constructor(program: string, args: readonly string[]) {
    this.#program = program;
    const command = new Deno.Command(program, {
      args: [...args],
      env: { NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    });
    this.#child = command.spawn();
    this.#orders = this.#child.stdin.getWriter();
    this.#answers = lines(this.#child.stdout);
    this.#errors = new Response(this.#child.stderr).text();
    this.#status = this.#child.status.then(() => void (this.#ended = true));
  }

  /**
   * Gives the process an order and waits for its answer.
   * @throws {Error} if the process ends instead
   */
  async ask<Answer>(order: string): Promise<Answer> {
    // A process that has ended says so by its answer, below.
    await this.#orders.write(new TextEncoder().encode(`${order}\n`)).catch(() => {});
    const { done, value } = await this.#answers.next();
    if (done) {
      const said = await this.#errors;
      // Deno puts a stack below its message, Python above.
      const message = /^error: (?:Uncaught .*?Error: )?(.*)$/m.exec(said)?.[1] ?? said.trim().split("\n").at(-1);
      throw new Error(`Cannot measure: ${this.#program} has ended: ${message || "it said nothing"}`);
    }
    return JSON.parse(value);
  }

  /** Ends the process, if it has not ended by itself. */
  async end(): Promise<void> {
    if (!this.#ended) this.#child.kill();
    await this.#status;
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
