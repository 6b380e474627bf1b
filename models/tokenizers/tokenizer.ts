/**
 * The tokenizer of a model folder.
 * @module
 */
import { type ApartTokenizer, apartTokenizer } from "./apart.ts";
import { bytePairClass, readBytePairs } from "./byte-pairs.ts";
import { asTransformers } from "./classes.ts";
import { CHAT_TEMPLATE, openChatTemplate } from "./chat-template.ts";
import { readObject, readText } from "../../base/files.ts";
import { filesIn, type FileSource } from "../file-source.ts";
import { type NativeTokenizer, nativeTokenizer } from "./native.ts";
import { readPairPieces, readUnigram } from "./sentence-piece.ts";
import type { Layout } from "./special-tokens.ts";
import { truncated } from "../truncated.ts";
import { checkedLayout, type TokenizerJson } from "./tokenizer-json.ts";
import type { Encoding } from "../types.ts";
import { readWordPiece } from "./wordpiece.ts";

/** Bytes of the longest tokenizer.json that is read. */
const LONGEST = 1 << 27;
const SETTINGS = "tokenizer_config.json";
const CONFIG = "config.json";

/** A form in which folders store tokenizers. */
interface Form {
  /** The files, all of which are needed. */
  files: readonly string[];
  /** Reads them as content of a tokenizer.json, of files other than this the vocabulary. */
  read(folder: string, settings: Record<string, unknown>): Promise<TokenizerJson>;
  /** The class that makes a tokenizer of the vocabulary where the settings name none. */
  standIn?(form: TokenizerJson): string;
}

/** The forms; the first whose files are all there is used. */
const forms: readonly Form[] = [
  { files: ["tokenizer.json"], read: (folder) => readObject(`${folder}/tokenizer.json`, LONGEST) },
  { files: ["vocab.txt"], read: readWordPiece, standIn: () => "BertTokenizer" },
  { files: ["vocab.json", "merges.txt"], read: readBytePairs, standIn: bytePairClass },
  { files: ["spiece.model"], read: readUnigram, standIn: () => "T5Tokenizer" },
  { files: ["tokenizer.model"], read: readPairPieces, standIn: () => "LlamaTokenizer" },
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
  encode(text: string, limit: number, pair?: string): Promise<Encoding>;
  /** Ids of a text without special tokens. */
  tokenize(text: string): Promise<number[]>;
  /** The text of token ids, without special tokens. */
  decode(ids: readonly number[]): Promise<string>;
  /** The text of token ids with special tokens, as the vocabulary writes them. */
  show(ids: readonly number[]): Promise<string>;
  /** Id of the mask, which stands for a word that is asked for; absent: there is none. */
  mask?: number;
  /** The chat template applied to a user's message, up to where the answer begins; absent: no chat template. */
  chat?(message: string): string;
  /** Ends its process; absent: it has none of its own. */
  release?(): Promise<void>;
}

/** Ids of one text, or of two, at most `limit`, with special tokens. */
function finish(layout: Layout, texts: Record<"A" | "B", readonly number[]>, pair: boolean, limit: number): Encoding {
  const parts = pair ? layout.pair : layout.single;
  const around = parts.reduce((sum, part) => sum + ("ids" in part ? part.ids.length : 0), 0);
  const room = limit - around;
  if (room < 1) {
    throw new Error(`Cannot encode a text: it must have room for more than ${around} tokens, there is ${limit}`);
  }
  const { A, B } = texts;
  const [keptA, keptB] = pair ? truncated(A.length, B.length, room) : [room, 0];
  const kept = { A: A.slice(0, keptA), B: B.slice(0, keptB) };
  const pieces = parts.map((part) => ({ ids: "ids" in part ? part.ids : kept[part.sequence], type: part.type }));
  const ids = pieces.flatMap(({ ids }) => ids);
  return pair ? Object.assign(ids, { types: pieces.flatMap(({ ids, type }) => ids.map(() => type)) }) : ids;
}

/** What the setting clean_up_tokenization_spaces replaces in texts of ids, one after the other. */
const CLEAN_UP = [
  ...[" .", " ?", " !", " ,"].map((from) => [from, from.slice(1)]),
  [" ' ", "'"],
  ...[" n't", " 'm", " 's", " 've", " 're"].map((from) => [from, from.slice(1)]),
];

/** Opens the tokenizer in a tokenizer.json. @throws {Error} if it is refused before the library sees it */
function openForm(
  path: string,
  form: TokenizerJson,
  settings: Record<string, unknown>,
  vocabularySize: number,
  apart: boolean,
): Omit<TextTokenizer, "chat" | "mask"> {
  const layout = checkedLayout(path, form, vocabularySize);
  const native: NativeTokenizer & Partial<ApartTokenizer> = (apart ? apartTokenizer : nativeTokenizer)(path, form);
  // transformers leaves the texts of byte pairs as they are, whatever the setting says.
  const cleanUp = settings.clean_up_tokenization_spaces === true && Object(form.model).type !== "BPE" ? CLEAN_UP : [];
  return {
    encode: async (text, limit, pair) => {
      const texts = { A: await native.idsOf(text), B: pair === undefined ? [] : await native.idsOf(pair) };
      return finish(layout, texts, pair !== undefined, limit);
    },
    tokenize: (text) => native.idsOf(text),
    decode: async (ids) => {
      const text = ids.length === 0 ? "" : await native.decode(ids, true);
      return cleanUp.reduce((cleaned, [from, to]) => cleaned.replaceAll(from, to), text);
    },
    show: (ids) => native.decode(ids, false),
    ...native.release && { release: native.release },
  };
}

/**
 * Opens the tokenizer of a folder.
 * @param vocabularySize rows of the word embeddings
 * @param apart whether it has a process of its own
 * @throws {Error} if there is none, if it cannot be read, or if it has more ids than the embeddings have rows
 */
export async function openTokenizer(folder: string, vocabularySize: number, apart = false): Promise<TextTokenizer> {
  const files = filesIn(folder);
  const kind = await findForm(files);
  if (!kind) {
    const known = forms.map(({ files }) => files.join(" with "));
    throw new Error(`Cannot use ${folder}: it must have a tokenizer, one of ${known.join(", ")}`);
  }
  const path = `${folder}/${SETTINGS}`;
  const settings = await files.has(SETTINGS) ? await readObject(path, LONGEST) : {};
  const config = await files.has(CONFIG) ? await readObject(`${folder}/${CONFIG}`, LONGEST) : {};
  const stored = await kind.read(folder, settings);
  const place = `${folder}/${kind.files[0]}`;
  let form: TokenizerJson;
  let mask: number | undefined;
  try {
    ({ form, mask } = asTransformers(stored, settings, config, vocabularySize, kind.standIn?.(stored)));
  } catch (error) {
    throw new Error(`Cannot use the tokenizer ${place}: ${(error as Error).message}`);
  }
  const tokenizer = openForm(place, form, settings, vocabularySize, apart);
  const template = await files.has(CHAT_TEMPLATE) ? await readText(`${folder}/${CHAT_TEMPLATE}`, LONGEST) : undefined;
  const chat = await openChatTemplate(folder, template, settings);
  return { ...tokenizer, ...mask !== undefined && { mask }, ...chat && { chat } };
}
