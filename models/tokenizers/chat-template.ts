/**
 * Chat templates: Jinja templates that put a user's message into the form that a chat model expects. transformers stores them
 * in tokenizer_config.json or in a file of their own.
 * @module
 */
import { shorten } from "../../base/errors.ts";

/** The file of its own. */
export const CHAT_TEMPLATE = "chat_template.jinja";

/** Characters of the longest template; those of known models have at most 20,000. */
const LONGEST_TEMPLATE = 1 << 16;
/** Most white space in a row: the library looks for what may follow it from each of its characters anew. */
const MOST_SPACE = 1000;
/** Most parts of a template that are evaluated for a message, each turn of a loop anew; those of known models take some hundreds. */
const MOST_STEPS = 100_000;
/** Characters of the longest text that a part makes, and items of the longest range. */
const LONGEST_VALUE = 1 << 20;
const LONGEST_RANGE = 10_000;

/** The text of a special token, which settings hold as a text or as an object. */
function textOf(token: unknown): string {
  const text = typeof token === "string" ? token : Object(token).content;
  return typeof text === "string" ? text : "";
}

/** The template in the settings: a text, or the entry named "default" of a list. */
function templateOf({ chat_template: given }: Record<string, unknown>): unknown {
  return Array.isArray(given) ? given.find((named) => Object(named).name === "default")?.template : given;
}

/** Parts that were evaluated since the current message began. */
let steps = 0;
let jinja: Promise<typeof import("@huggingface/jinja")> | undefined;

/**
 * The library with bounds on what a template may take. A template makes its own interpreter, so the bounds stand in the class:
 * loops within loops would else run for ever, and a text that is joined to itself grow without end.
 */
function boundedJinja(): Promise<typeof import("@huggingface/jinja")> {
  jinja ??= import("@huggingface/jinja").then((library) => {
    const [environment, prototype] = [library.Environment.prototype, library.Interpreter.prototype];
    const { set } = environment;
    const { evaluate } = prototype;
    // The library itself declares `range` in each environment; what templates set does not come this way.
    environment.set = function (name, value) {
      return set.call(this, name, name === "range" ? boundedRange : value);
    };
    prototype.evaluate = function (...given) {
      if (++steps > MOST_STEPS) {
        throw new Error(`it must evaluate at most ${MOST_STEPS} parts for a message, it goes on`);
      }
      const result = evaluate.apply(this, given);
      if (typeof result.value === "string" && result.value.length > LONGEST_VALUE) {
        throw new Error(`its texts must have at most ${LONGEST_VALUE} characters, one has ${result.value.length}`);
      }
      return result;
    };
    return library;
  });
  return jinja;
}

/** Python's range, of a bounded length. */
function boundedRange(first: number, second?: number, step = 1): number[] {
  const [start, stop] = second === undefined ? [0, first] : [first, second];
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (length <= LONGEST_RANGE) return Array.from({ length }, (_, at) => start + at * step);
  throw new Error(`a range must have at most ${LONGEST_RANGE} items, current value is ${length}`);
}

/**
 * A function that writes a user's message up to where the answer begins; undefined if the model has no template.
 * @param file content of chat_template.jinja, if there is one
 * @param settings of tokenizer_config.json: `chat_template`, `bos_token`, `eos_token`
 * @throws {Error} if the template is no valid Jinja, or if it fails
 */
export async function openChatTemplate(
  folder: string,
  file: string | undefined,
  settings: Record<string, unknown>,
): Promise<((message: string) => string) | undefined> {
  const source = file ?? templateOf(settings);
  if (source === undefined || source === null) return undefined;
  const { Template } = await boundedJinja();
  const refuse = (error: unknown): never => {
    throw new Error(`Cannot use the chat template of ${folder}: ${shorten((error as Error).message.split("\n")[0])}`);
  };
  let template: InstanceType<typeof Template>;
  const { length } = String(source);
  if (length > LONGEST_TEMPLATE) {
    refuse(new Error(`it must have at most ${LONGEST_TEMPLATE} characters, current value is ${length}`));
  }
  const space = Math.max(0, ...(String(source).match(/\s+/g) ?? []).map(({ length }) => length));
  if (space > MOST_SPACE) {
    refuse(new Error(`it must have at most ${MOST_SPACE} spaces in a row, current value is ${space}`));
  }
  try {
    template = new Template(String(source));
  } catch (error) {
    refuse(error);
  }
  return (message) => {
    try {
      steps = 0;
      return template.render({
        messages: [{ role: "user", content: message }],
        add_generation_prompt: true,
        bos_token: textOf(settings.bos_token),
        eos_token: textOf(settings.eos_token),
      });
    } catch (error) {
      return refuse(error);
    }
  };
}
