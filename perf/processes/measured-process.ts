/**
 * A process that is measured, on TuneBench's side or a peer's.
 * @module
 */
import { readLines } from "../../base/files.ts";
import { kill } from "../../base/kill.ts";

/** A process that answers each line of its standard input, a request, with a line of JSON. */
export class MeasuredProcess {
  readonly #program: string;
  readonly #child: Deno.ChildProcess;
  readonly #requests: WritableStreamDefaultWriter<Uint8Array>;
  readonly #answers: AsyncIterator<string>;
  readonly #errors: Promise<string>;

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
    this.#requests = this.#child.stdin.getWriter();
    this.#answers = readLines(this.#child.stdout);
    this.#errors = new Response(this.#child.stderr).text();
  }

  /**
   * Sends a request and waits for the answer.
   * @throws {Error} if the process ends instead; the message is the last one on its standard error
   */
  async ask<Answer>(request: string): Promise<Answer> {
    // Writing to a process that has ended fails; that there is no answer is reported below.
    await this.#requests.write(new TextEncoder().encode(`${request}\n`)).catch(() => {});
    const { done, value } = await this.#answers.next();
    if (done) {
      const text = await this.#errors;
      // Deno prints the message above its stack, Python below.
      const message = /^error: (?:Uncaught .*?Error: )?(.*)$/m.exec(text)?.[1] ?? text.trim().split("\n").at(-1);
      throw new Error(`Cannot measure: ${this.#program} has ended: ${message || "it said nothing"}`);
    }
    return JSON.parse(value);
  }

  /** Ends the process. */
  async end(): Promise<void> {
    kill(this.#child);
    await this.#child.status;
  }
}
