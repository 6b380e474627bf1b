/**
 * The program of a tokenizer in a process of its own. The first line of standard input is the {@linkcode Form}, each other a
 * {@linkcode Question}; each answer is a line of standard output. The process ends with its input, whatever it computes.
 * @module
 */
import { readLines } from "../../base/files.ts";
import { type NativeTokenizer, nativeTokenizer } from "./native.ts";

/** What a tokenizer is made of. */
export interface Form {
  /** Where it is from, for messages. */
  path: string;
  /** Content of a tokenizer.json. */
  form: object;
}

/** What a tokenizer is asked. */
export type Question = { text: string } | { ids: readonly number[]; skipSpecial: boolean };

/** What it answers: ids, the text of ids, or why it cannot. */
export type Answer = { ids: number[] } | { text: string } | { error: string };

async function answer(tokenizer: NativeTokenizer, question: Question): Promise<Answer> {
  try {
    if ("text" in question) return { ids: await tokenizer.idsOf(question.text) };
    return { text: await tokenizer.decode(question.ids, question.skipSpecial) };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

let tokenizer: NativeTokenizer | undefined;
for await (const line of readLines(Deno.stdin.readable)) {
  if (!tokenizer) {
    const { path, form }: Form = JSON.parse(line);
    tokenizer = nativeTokenizer(path, form);
  } else answer(tokenizer, JSON.parse(line)).then((answer) => console.log(JSON.stringify(answer)));
}
Deno.exit(0);
