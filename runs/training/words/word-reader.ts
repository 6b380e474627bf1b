/**
 * What a language model reads of a text that it is to complete with a word for its label, and which tokens these words are.
 * @module
 */
import { shorten } from "../../../base/errors.ts";
import type { Encoding, ReadingModel } from "../../../models/types.ts";
import { fillIn, isOfPairs, listOf, parseTemplate, type Template } from "../../../tasks/templates/template.ts";
import type { Example } from "../../../tasks/types.ts";
import type { LabelWords } from "../../programs/word-classifier.ts";
import type { HeadSpec } from "../../study/words/head.ts";
import { cutTexts } from "./cut-texts.ts";
import { BLANK_LINE, countFitting, type Demonstration } from "./demonstrations.ts";

/** A template and the labels' words, for one model. */
export interface WordReader {
  /** Token ids of the words. */
  words: LabelWords;
  /** Token ids of what the model reads of the template besides texts. */
  frame: readonly number[];
  /**
   * Token ids of a text, or of a pair, in the template, at most `limit`: up to the answer, or with a mask in its place and what stands
   * behind it. Long texts are cut; the template around them stays whole.
   * @throws {Error} if the template leaves no room for a text, or if it names the second text of pairs and there is none
   */
  encode(text: string, limit: number, pair?: string): Promise<Encoding>;
  /**
   * Reads texts behind demonstrations, each of these in the template with the first word of its label, cut to `limit` tokens, with a
   * blank line behind it. The limit of a text is then without the tokens of demonstrations.
   * @param most tokens that the model reads
   * @throws {UsageError} how many of them fit, if not all do beside a text of `limit` tokens
   */
  behind(demonstrations: readonly Demonstration[], limit: number, most: number): Promise<WordReader["encode"]>;
}

/** Token ids of words behind a text if they begin with a space, else of a text that begins with them. */
export async function tokenizeBehind(tokenize: Tokenizing["tokenize"], text: string, words: string): Promise<number[]> {
  if (!words.startsWith(" ")) return await tokenize(words);
  return (await tokenize(text + words)).slice((await tokenize(text)).length);
}

/** A model with its tokenizer. */
export type Tokenizing = ReadingModel & Required<Pick<ReadingModel, "tokenize" | "decode">>;

/** What stands before the answer where a template has nothing between a text and it: most texts end so. */
export const END_OF_TEXT = ".";

/** The special tokens that a model has before and behind a text. */
export async function specialTokens({ encode, tokenize }: Tokenizing): Promise<[number[], number[]]> {
  const [whole, inner] = [[...await encode("a", Infinity)], await tokenize("a")];
  const begin = whole.findIndex((_, at) => inner.every((id, offset) => whole[at + offset] === id));
  return [whole.slice(0, begin), whole.slice(begin + inner.length)];
}

/**
 * What gives the token ids of an answer with the space that the template has before it: behind the end of a text, or as the begin of what an
 * encoder-decoder writes. It refuses one that is unknown to the tokenizer, or that merges with the text.
 * @param what it is and what it is used as, for the message
 */
export async function answerTokenizer(
  { tokenize, decode, languageModel }: Tokenizing,
  { source, before, space }: Template,
  list: string,
  what = ["the word", "for a label"],
): Promise<(words: string) => Promise<number[]>> {
  const last = before.at(-1);
  const text = last === undefined || languageModel?.target
    ? ""
    : fillIn([last], { text: END_OF_TEXT, pair: END_OF_TEXT }, list);
  const read = await tokenize(text);
  return async (words) => {
    const refuse = (rule: string): never => {
      throw new Error(`Cannot use ${what[0]} ${shorten(JSON.stringify(words))} ${what[1]}: ${rule}`);
    };
    const ids = await tokenize(text + space + words);
    if (!read.every((id, at) => ids[at] === id)) {
      refuse(
        `it must stand apart from the text before it, in the template ${shorten(JSON.stringify(source))} it does not`,
      );
    }
    const own = ids.slice(read.length);
    // A token for what is unknown is a special one, and no text.
    if ((await decode(own)).trim() === "") refuse("the model's tokenizer must know it, it does not");
    return own;
  };
}

/** @throws {Error} if two labels have a word of the same tokens, or if a masked model has a word of several */
function requireDistinct(tokens: LabelWords, words: HeadSpec["words"], isMasked: boolean): void {
  const seen = new Set<string>();
  for (const [label, ofLabel] of tokens.entries()) {
    for (const [at, ids] of ofLabel.entries()) {
      const word = shorten(JSON.stringify(words[label][at]));
      if (isMasked && ids.length > 1) {
        throw new Error(
          `Cannot use the word ${word} for a label: it must have one token, as it stands for a mask, it has ${ids.length}`,
        );
      }
      if (seen.has(ids.join())) {
        throw new Error(`Cannot use the word ${word} for a label: words must differ for the model, it is there twice`);
      }
      seen.add(ids.join());
    }
  }
}

/** Makes sure that a template finds its texts. @throws {Error} if it is of pairs, and there is one text */
export function requirePair(template: Template, pair: string | undefined): void {
  if (pair !== undefined || !isOfPairs(template)) return;
  throw new Error(
    `Cannot use the template ${
      shorten(JSON.stringify(template.source))
    }: {pair} must be the second text of pairs, there is one text`,
  );
}

/**
 * Reads a template and the labels' words for a model.
 * @throws {Error} one sentence, if the model has no tokenizer or its tokenizer no mask that it needs, or if a word is unknown to it, of
 * several tokens where there is one mask, or the same as another
 */
export async function openWordReader(reading: ReadingModel, head: HeadSpec): Promise<WordReader> {
  const { tokenize, decode, maskToken, languageModel } = reading;
  if (!tokenize || !decode) {
    throw new Error("Cannot put texts into a template: the model must have a tokenizer, it has none");
  }
  const model = { ...reading, tokenize, decode };
  const template = parseTemplate(head.template);
  if (!languageModel && maskToken === undefined) {
    throw new Error("Cannot put texts into a template: the model's tokenizer must have a mask, it has none");
  }
  const mask = languageModel ? undefined : maskToken;
  const list = listOf(head.words.map(([word]) => word));
  const tokensOf = await answerTokenizer(model, template, list);
  const words = await Array.fromAsync(head.words, (ofLabel) => Array.fromAsync(ofLabel, tokensOf));
  requireDistinct(words, head.words, mask !== undefined);
  const [begin, end] = await specialTokens(model);
  const cut = <Ids extends readonly number[]>(
    { text, pair }: Pick<Example, "text" | "pair">,
    limit: number,
    fill: (texts: string[]) => Promise<Ids>,
  ) => {
    requirePair(template, pair);
    return cutTexts(model, pair === undefined ? [text] : [text, pair], limit, fill, (taken) => {
      throw new Error(
        `Cannot use the template ${shorten(JSON.stringify(head.template))}: it must leave room for a text within ` +
          `${limit} tokens, it takes ${taken}`,
      );
    });
  };
  const fillAfter = (first: string) => async ([text, pair]: string[]): Promise<Encoding> => {
    const start = first + fillIn(template.before, { text, pair }, list);
    // Masks take the white space before them.
    const before = [...begin, ...await tokenize(mask === undefined ? start : start.trimEnd())];
    if (mask === undefined) return [...before, ...end];
    const after = await tokenize(fillIn(template.after, { text, pair }, list));
    return Object.assign([...before, mask, ...after, ...end], { answer: before.length });
  };
  const answered = async (example: Demonstration, limit: number): Promise<string> => {
    let filled = "";
    await cut(example, limit, ([text, pair]) => {
      const [word] = head.words[example.label];
      const [before, after] = [template.before, template.after].map((parts) => fillIn(parts, { text, pair }, list));
      filled = before + template.space + word + after;
      return tokenize(filled);
    });
    return filled + BLANK_LINE;
  };
  const none = { text: "", pair: "" };
  const parts = mask === undefined ? template.before : [...template.before, template.space, ...template.after];
  return {
    words,
    frame: await tokenizeBehind(tokenize, END_OF_TEXT, fillIn(parts, none, list)),
    encode: (text, limit, pair) => cut({ text, pair }, limit, fillAfter("")),
    async behind(demonstrations, limit, most) {
      const texts = await Array.fromAsync(demonstrations, (example) => answered(example, limit));
      const taken = await countFitting(texts, tokenize, limit, most);
      const fill = fillAfter(texts.join(""));
      return (text, limit, pair) => cut({ text, pair }, taken + limit, fill);
    },
  };
}
