/**
 * The tokenizer of a model folder.
 * @module
 */
import { readBytePairs } from "./byte-pairs.ts";
import { CHAT_TEMPLATE, openChatTemplate } from "./chat-template.ts";
import { readObject } from "../../base/files.ts";
import { filesIn, type FileSource } from "../file-source.ts";
import { readPairPieces, readUnigram } from "./sentence-piece.ts";
import { faithful } from "./tokenizer-form.ts";
import type { Encoding } from "../types.ts";
import { readWordPiece } from "./wordpiece.ts";

/** Bytes of the longest tokenizer.json that is read. */
const LONGEST = 1 << 27;
const SETTINGS = "tokenizer_config.json";

/** A form in which folders store tokenizers. */
interface Form {
  /** The files, all of which are needed. */
  files: readonly string[];
  /** Reads them as content of a tokenizer.json. */
  read(folder: string, settings: Record<string, unknown>): Promise<object>;
}

/** The forms; the first whose files are all there is used. */
const forms: readonly Form[] = [
  { files: ["tokenizer.json"], read: (folder) => readObject(`${folder}/tokenizer.json`, LONGEST) },
  { files: ["vocab.txt"], read: readWordPiece },
  { files: ["vocab.json", "merges.txt"], read: readBytePairs },
  { files: ["spiece.model"], read: readUnigram },
  { files: ["tokenizer.model"], read: readPairPieces },
];

async function findForm(source: FileSource): Promise<Form | undefined> {
  for (const form of forms) {
    const found = await Promise.all(form.files.map((name) => source.has(name)));
    if (found.every(Boolean)) return form;
  }
}

/** Names of the files that a model's tokenizer is read from; empty if it has no tokenizer. */
export async function tokenizerFiles(source: FileSource): Promise<string[]> {
  const { files = [] } = await findForm(source) ?? {};
  const found = [...files];
  for (const name of files.length > 0 ? [SETTINGS, CHAT_TEMPLATE] : []) if (await source.has(name)) found.push(name);
  return found;
}

/** Turns texts into token ids. */
export interface TextTokenizer {
  /** Ids of a text or a pair of texts with special tokens, at most `limit`. @throws {Error} if these leave no room for text */
  encode(text: string, limit: number, pair?: string): Encoding;
  /** Ids of a text without special tokens. */
  tokenize(text: string): number[];
  /** The text of token ids, without special tokens. */
  decode(ids: readonly number[]): string;
  /** The chat template applied to a user's message, up to where the answer begins; absent: no chat template. */
  chat?(message: string): string;
}

/** How many tokens of two texts stay if both together may have `room`: the longer text is cut until both are equally long. */
export function truncated(first: number, second: number, room: number): [number, number] {
  const shorter = Math.min(first, second, Math.floor(room / 2));
  const longer = Math.min(Math.max(first, second), room - shorter);
  return first <= second ? [shorter, longer] : [longer, shorter];
}

/** Every id that a tokenizer.json gives. */
function idsOf(form: { model?: { vocab?: object }; added_tokens?: { id: number }[] }): number[] {
  const { vocab } = form.model ?? {};
  const added = Array.isArray(form.added_tokens) ? form.added_tokens.map((token) => token?.id) : [];
  // A unigram vocabulary is a list.
  return [...(Array.isArray(vocab) ? vocab.keys() : Object.values(vocab ?? {})), ...added];
}

/**
 * Opens the tokenizer of a folder.
 * @param vocabularySize rows of the word embeddings
 * @throws {Error} if there is none, if it cannot be read, or if it has more ids than the embeddings have rows
 */
export async function openTokenizer(folder: string, vocabularySize: number): Promise<TextTokenizer> {
  const files = filesIn(folder);
  const kind = await findForm(files);
  if (!kind) {
    const known = forms.map(({ files }) => files.join(" with "));
    throw new Error(`Cannot use ${folder}: it must have a tokenizer, one of ${known.join(", ")}`);
  }
  const path = `${folder}/${SETTINGS}`;
  const settings = await files.has(SETTINGS) ? await readObject(path, LONGEST) : {};
  const form = await kind.read(folder, settings);
  // Checked before the tokenizer is constructed, which takes time and memory for each id up to the largest.
  const wrong = idsOf(form).find((id) => !(Number.isInteger(id) && id >= 0 && id < vocabularySize));
  if (wrong !== undefined) {
    throw new Error(
      `Cannot use ${folder}: ids of its tokenizer must be below the ${vocabularySize} rows of its word embeddings, ` +
        `one is ${String(wrong).slice(0, 80)}`,
    );
  }
  // Loaded here so that listing models does not load it.
  const { Tokenizer } = await import("@huggingface/tokenizers");
  const tokenizer = (() => {
    try {
      return new Tokenizer(faithful(form), settings);
    } catch (error) {
      throw new Error(
        `Cannot use the tokenizer ${folder}/${kind.files[0]}: ${(error as Error).message.split("\n")[0]}`,
      );
    }
  })();
  /** Ids of the tokens with special tokens around them. */
  function finish(first: string[], second: string[] | null): Encoding {
    const done = tokenizer.post_processor?.post_process(first, second, true) ??
      { tokens: [...first, ...second ?? []] };
    // A processor that is byte-level alone does not append the second text.
    const tokens = "tokens_pair" in done && done.tokens_pair ? [...done.tokens, ...done.tokens_pair] : done.tokens;
    const ids = tokens.map((token) => tokenizer.token_to_id(token) ?? tokenizer.model!.unk_token_id!);
    return Object.assign(ids, second !== null && { types: done.token_type_ids });
  }
  const template = await files.has(CHAT_TEMPLATE) ? await Deno.readTextFile(`${folder}/${CHAT_TEMPLATE}`) : undefined;
  const chat = await openChatTemplate(folder, template, settings);
  return {
    ...chat && { chat },
    encode(text, limit, pair) {
      const first = tokenizer.tokenize(text);
      const second = pair === undefined ? null : tokenizer.tokenize(pair);
      const around = finish([], second && []).length;
      const room = limit - around;
      if (room < 1) {
        throw new Error(`Cannot encode a text: it must have room for more than ${around} tokens, there is ${limit}`);
      }
      if (second === null) return finish(first.slice(0, room), null);
      const [ofFirst, ofSecond] = truncated(first.length, second.length, room);
      return finish(first.slice(0, ofFirst), second.slice(0, ofSecond));
    },
    tokenize: (text) => tokenizer.encode(text, { add_special_tokens: false }).ids,
    decode: (ids) => ids.length === 0 ? "" : tokenizer.decode([...ids], { skip_special_tokens: true }),
  };
}
