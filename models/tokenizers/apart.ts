/**
 * A tokenizer in a process of its own. The library ends the process that it runs in where a form or a regular expression of
 * others makes it panic, and a text may take it a time without end: then that process is ended, and another one takes over.
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { shorten } from "../../base/errors.ts";
import { readLines } from "../../base/files.ts";
import { kill } from "../../base/kill.ts";
import { lastWords } from "../../base/last-words.ts";
import { LOADER, packagesFolder, permissionFlags, projectFolder, SYSTEM } from "../../base/permissions.ts";
import type { Answer, Form, Question } from "./apart-program.ts";
import { LONGEST, type NativeTokenizer, within } from "./native.ts";

const program = fileURLToPath(new URL("./apart-program.ts", import.meta.url));
const config = join(projectFolder, "deno.json");

/** Most characters of the process's complaints that are kept. */
const LOG_LIMIT = 16_384;

/** A process that has the form. */
class TokenizerProcess {
  private readonly child: Deno.ChildProcess;
  private readonly input: WritableStreamDefaultWriter<Uint8Array>;
  private readonly answers: AsyncGenerator<string>;
  private readonly complaints: Promise<string>;

  constructor(private readonly form: Form) {
    this.child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        ...permissionFlags({ read: [projectFolder], sys: [...SYSTEM, ...LOADER], ffi: [packagesFolder] }),
        "--config",
        config,
        program,
      ],
      env: { NO_COLOR: "1", HF_TOKEN: "" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.input = this.child.stdin.getWriter();
    this.answers = readLines(this.child.stdout);
    this.complaints = Array.fromAsync(this.child.stderr.pipeThrough(new TextDecoderStream()))
      .then((texts) => texts.join("").slice(-LOG_LIMIT));
    this.write(form);
  }

  /** The answer to a question. @throws {Error} if the process has ended */
  async ask(question: Question): Promise<Answer> {
    this.write(question);
    const { done, value } = await this.answers.next();
    if (!done) return JSON.parse(value);
    const why = shorten(lastWords(await this.complaints) ?? "it said nothing");
    throw new Error(`Cannot use the tokenizer ${this.form.path}: its library must not end on a text, it did: ${why}`);
  }

  async end(): Promise<void> {
    // It may have ended already.
    await this.input.close().catch(() => {});
    await this.child.stdout.cancel().catch(() => {});
    await this.child.status;
  }

  kill(): void {
    kill(this.child);
  }

  private write(value: unknown): void {
    // That the process has ended is seen where its answer is read.
    this.input.write(new TextEncoder().encode(`${JSON.stringify(value)}\n`)).catch(() => {});
  }
}

/** A tokenizer in a process of its own, which is ended by `release`. */
export interface ApartTokenizer extends NativeTokenizer {
  /** Ends the process. */
  release(): Promise<void>;
}

/**
 * A tokenizer in a process of its own; questions are answered one after the other.
 * @param path where the form is from, for messages
 * @param form content of a tokenizer.json
 * @param longest seconds that a text may take, the first one with the reading of the form
 */
export function apartTokenizer(path: string, form: object, longest: number = LONGEST): ApartTokenizer {
  let process: TokenizerProcess | undefined = new TokenizerProcess({ path, form });
  let turn: Promise<unknown> = Promise.resolve();

  async function ask(question: Question): Promise<Answer> {
    const asked = process ??= new TokenizerProcess({ path, form });
    try {
      return await within(longest, "text" in question ? "encoded" : "decoded", asked.ask(question), path);
    } catch (error) {
      process = undefined;
      asked.kill();
      throw error;
    }
  }

  /** The answer in its turn. @throws {Error} one sentence */
  async function answer<T extends Answer>(question: Question): Promise<T> {
    const answered = turn.then(() => ask(question));
    turn = answered.catch(() => {});
    const given = await answered;
    if ("error" in given) throw new Error(given.error);
    return given as T;
  }

  return {
    idsOf: async (text) => (await answer<{ ids: number[] }>({ text })).ids,
    decode: async (ids, skipSpecial) => (await answer<{ text: string }>({ ids, skipSpecial })).text,
    async release() {
      await process?.end();
      process = undefined;
    },
  };
}
