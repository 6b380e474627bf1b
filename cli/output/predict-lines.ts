/**
 * Answers the lines of a file or of standard input: what `deno task predict` does.
 * @module
 */
import { z } from "zod";
import { Predictor } from "../../runs/predict/predictor.ts";
import type { Answer, Line, PartialGeneration, PredictorOptions } from "../../runs/predict/types.ts";
import { shownMessage, UsageError, visible } from "../../base/errors.ts";
import { lookedFor, readLines } from "../../base/files.ts";
import { describeFault } from "../../base/schema.ts";

/** The predictor, the input, and the form of the answers. */
export interface PredictLinesOptions extends PredictorOptions {
  /** Path of a file of lines; "-" is standard input. */
  input: string;
  /** Whether answers are written as lines of JSON instead of columns. */
  json: boolean;
}

/** Where answers and error messages go. */
export interface PredictOutput {
  /** Takes pieces of text; lines end with a line break. */
  write(text: string): void;
  /** Takes an error message of one sentence. */
  complain(sentence: string): void;
}

const lineSchema = z.strictObject({
  text: z.string(),
  pair: z.string().optional(),
  choices: z.array(z.string()).optional(),
  adapter: z.string().optional(),
});

/** Characters of the longest line: a tokenizer reads a line as a whole, which takes 6 s for a million of them. */
const LONGEST_LINE = 1 << 17;

/** Reads a line: JSON if it starts with {, else a text. @throws {UsageError} if the JSON is not a line's */
function parseLine(line: string): Line {
  if (line.length > LONGEST_LINE) throw new UsageError(`it must have at most ${LONGEST_LINE} characters, it has more`);
  if (!line.startsWith("{")) return { text: line };
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new UsageError(`it must be JSON, as it starts with {: ${(error as Error).message}`);
  }
  const result = lineSchema.safeParse(value);
  if (result.success) return result.data;
  throw new UsageError(
    'it must be {"text": …, "pair": …, "choices": […], "adapter": …}, all but the first optional: ' +
      describeFault(result.error, value, () => Object.keys(lineSchema.shape)),
  );
}

async function openInput(path: string): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  if (path === "-") return Deno.stdin.readable;
  try {
    const { isDirectory } = await Deno.stat(path);
    if (isDirectory) throw new Error("it must be a file, it is a folder");
    return (await Deno.open(path)).readable;
  } catch (error) {
    const missing = error instanceof Deno.errors.NotFound;
    const rule = missing ? `there must be such a file${lookedFor(path)}` : (error as Error).message;
    throw new UsageError(`Cannot read the input ${path}: ${rule}`);
  }
}

function textColumns({ text, pair }: Answer | PartialGeneration): string {
  return [text, ...pair === undefined ? [] : [pair]].map(visible).join("\t");
}

/** A number with four decimals, or where it is small with five digits. */
function formatValue(value: number): string {
  return Math.abs(value) >= 0.1 || value === 0 ? value.toFixed(4) : String(Number(value.toPrecision(5)));
}

/** Writes answers in columns. A text that is being generated is written token by token if its answer is the next. */
class Columns {
  private next = 0;
  private written: string | undefined;

  constructor(private readonly output: (text: string) => void) {}

  writePartial(partial: PartialGeneration): void {
    if (partial.answer !== this.next) return;
    const { adapter, generated } = partial;
    if (this.written === undefined) this.output(`${visible(adapter)}\t${textColumns(partial)}\t`);
    this.written ??= "";
    // The last token may be only a part of a character, which the next one completes.
    if (generated.endsWith("\ufffd") || !generated.startsWith(this.written)) return;
    this.output(visible(generated.slice(this.written.length)));
    this.written = generated;
  }

  write(answer: Answer): void {
    this.next++;
    if ("label" in answer) {
      const { adapter, label, probabilities } = answer;
      this.output(
        `${visible(label)}\t${probabilities[label].toFixed(4)}\t${visible(adapter)}\t${textColumns(answer)}\n`,
      );
      return;
    }
    if ("labels" in answer) {
      const { adapter, labels, probabilities } = answer;
      const shown = labels.map((label) => probabilities[label].toFixed(4));
      this.output(
        `${labels.map(visible).join(", ")}\t${shown.join(", ")}\t${visible(adapter)}\t${textColumns(answer)}\n`,
      );
      return;
    }
    if ("value" in answer) {
      this.output(`${formatValue(answer.value)}\t${visible(answer.adapter)}\t${textColumns(answer)}\n`);
      return;
    }
    const { adapter, generated } = answer;
    const begun = this.written === undefined ? `${visible(adapter)}\t${textColumns(answer)}\t` : "";
    this.output(`${begun}${visible(generated.slice(this.written?.length ?? 0))}\n`);
    this.written = undefined;
  }
}

/** An answer as a line of JSON; what JSON leaves as it is and a terminal would hide is escaped, too. */
function jsonLine(answer: Answer): string {
  const { adapter, task, text, pair, truncated, ...result } = answer;
  return visible(JSON.stringify({ adapter, task, ...result, text, pair, truncated }));
}

/**
 * Answers the lines of a file or of standard input as they arrive. A line that cannot be answered gives an error message
 * with its number; the others are answered all the same.
 * @returns the exit status: 1 if a line could not be answered, or if there was none
 * @throws {UsageError} if the input, the model or an adapter cannot be used
 */
export async function predictLines(options: PredictLinesOptions, { write, complain }: PredictOutput): Promise<number> {
  const input = await openInput(options.input);
  const predictor = await Predictor.open(options);
  let lines = 0;
  let status = 0;
  const numbers = new WeakMap<Line, number>();
  const refuse = (number: number, { message }: Error) => {
    complain(shownMessage({ message: `Cannot answer line ${number}: ${message}` }));
    status = 1;
  };
  async function* answerableLines(): AsyncGenerator<Line> {
    for await (const text of readLines(input, LONGEST_LINE)) {
      lines++;
      try {
        const line = parseLine(text);
        predictor.check(line);
        numbers.set(line, lines);
        yield line;
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        refuse(lines, error);
      }
    }
  }
  const columns = new Columns(write);
  const onPartial = options.json ? undefined : (partial: PartialGeneration) => columns.writePartial(partial);
  const onRefused = (line: Line | string, error: Error) => refuse(numbers.get(line as Line)!, error);
  for await (const answer of predictor.predict(answerableLines(), { onPartial, onRefused })) {
    if (options.json) write(`${jsonLine(answer)}\n`);
    else columns.write(answer);
  }
  await predictor.release();
  if (lines > 0) return status;
  complain("Cannot predict: the input must have a line, it is empty");
  return 1;
}
