/**
 * A process that reads hostile inputs, and says in a line of JSON how each was answered. Arguments: the first input and the one
 * after the last.
 */
import { Random } from "../../base/random.ts";
import { inFolder } from "../in-folder.ts";
import { kinds } from "./kinds.ts";
import { mutate } from "./mutate.ts";

/** How an input was answered: "read", or the error. */
export interface Answered {
  /** Number of the input. */
  at: number;
  /** Name of its kind. */
  kind: string;
  /** Why it was refused; left out if it was read. */
  refused?: { class: string; message: string; stack: string };
}

function bytesOf(content: unknown): Uint8Array {
  if (content instanceof Uint8Array) return content;
  return new TextEncoder().encode(typeof content === "string" ? content : JSON.stringify(content));
}

if (import.meta.main) {
  const [first, end] = Deno.args.map(Number);
  const names = Object.keys(kinds);
  for (let at = first; at < end; at++) {
    const kind = names[at % names.length];
    const { path, files, read } = kinds[kind];
    const content = mutate(new Random(at, `hostile/${kind}`), bytesOf(files[path]));
    const answered: Answered = { at, kind };
    try {
      await inFolder({ ...files, [path]: content }, read);
    } catch (error) {
      const { constructor, message, stack } = error as Error;
      answered.refused = { class: constructor.name, message, stack: stack ?? "" };
    }
    console.log(JSON.stringify(answered));
  }
}
