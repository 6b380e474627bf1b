/**
 * Added tokens: those that are found in texts before anything else, as transformers collects them from tokenizer.json and
 * tokenizer_config.json.
 * @module
 */
import { showValue } from "../../base/errors.ts";
import { addedToken } from "./template.ts";

/** Settings that name special tokens, in the order in which transformers adds them. */
const NAMED = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

/** What is known of an added token before it has an id. */
type Token = Record<string, unknown> & { content: string };

/** A token that settings give as a text or as an object. */
function tokenOf(given: unknown): Token | undefined {
  const token = typeof given === "string" ? { content: given } : Object(given);
  if (typeof token.content !== "string" || token.content === "") return undefined;
  const { content, lstrip, rstrip, single_word, normalized } = token;
  const flags = Object.entries({ lstrip, rstrip, single_word, normalized }).filter(([, flag]) => flag !== undefined);
  return { ...addedToken(content, 0), ...Object.fromEntries(flags), content, special: token.special ?? true };
}

/** The content of a special token in the settings, or its default. */
export function specialText(settings: Record<string, unknown>, name: string, absent: string): string {
  return tokenOf(settings[name] === undefined ? absent : settings[name])?.content ?? absent;
}

/** The tokens of the setting added_tokens_decoder in the order of their ids; undefined if there is no such setting. */
function decoderTokens({ added_tokens_decoder: decoder }: Record<string, unknown>): unknown[] | undefined {
  if (decoder === undefined) return undefined;
  const entries = Object.entries(Object(decoder)).sort(([a], [b]) => Number(a) - Number(b));
  // These tokens are special only if it is said.
  return entries.map(([, token]) => ({ special: false, ...Object(token) }));
}

/** The special token that settings name, or else its default. */
function namedToken(
  name: string,
  settings: Record<string, unknown>,
  defaults: Readonly<Record<string, string>>,
): unknown {
  return settings[name] === undefined ? defaults[name] : settings[name];
}

/** The special tokens that settings name, and further ones. */
function namedTokens(settings: Record<string, unknown>, defaults: Readonly<Record<string, string>>): unknown[] {
  const named = NAMED.map((name) => namedToken(name, settings, defaults));
  const own = Object.keys(settings).filter((name) => name.endsWith("_token") && !NAMED.includes(name));
  const extra = settings.extra_special_tokens ?? settings.additional_special_tokens;
  return [
    ...named,
    ...own.map((name) => settings[name]),
    ...Array.isArray(extra) ? extra : Object.values(Object(extra)),
  ];
}

/** Where added tokens come from. */
export interface AddedSource {
  /** Pieces of the model and their ids. */
  ids: ReadonlyMap<string, number>;
  /** The tokens in tokenizer.json. */
  stored: readonly unknown[];
  /** Of tokenizer_config.json. */
  settings: Record<string, unknown>;
  /** Special tokens of the class where the settings name none. */
  defaults: Readonly<Record<string, string>>;
  /** Further special tokens of the class. */
  extra: readonly string[];
  /** The class makes a tokenizer of its own: added_tokens_decoder stands for the tokens in tokenizer.json. */
  rebuilt: boolean;
  /** Rows of the word embeddings. */
  rows: number;
}

/** Added tokens. */
export interface AddedTokens {
  /** All of them, in the form of tokenizer.json. */
  tokens: object[];
  /** The ids of those that a file lists, which excludes those that a setting or a class only names. */
  listed: ReadonlyMap<string, number>;
  /** Id of the mask, if there is one. */
  mask?: number;
}

/**
 * The added tokens with their ids: of tokens with one content, the first. A piece of the model keeps its id, others get
 * the next, as the library does whatever ids tokenizer.json gives them. A special token that is only named and has no row
 * is left out: no model could read it.
 * @throws {Error} the end of a sentence, if a file lists a token without content
 */
export function addedTokens({ ids, stored, settings, defaults, extra, rebuilt, rows }: AddedSource): AddedTokens {
  const given = decoderTokens(settings);
  const base = rebuilt ? given ?? stored : [...stored, ...given ?? []];
  const found = new Map<string, Token & { id: number }>();
  const listed = new Map<string, number>();
  let next = ids.size;
  const add = (given: unknown, named: boolean) => {
    const token = tokenOf(given);
    if (!token && !named) throw new Error(`an added token must have a content, current value is ${showValue(given)}`);
    if (!token || found.has(token.content)) return;
    const id = ids.get(token.content) ?? next;
    if (named && id >= rows) return;
    next = Math.max(next, id + 1);
    found.set(token.content, { ...token, id });
    if (!named) listed.set(token.content, id);
  };
  for (const token of base) add(token, false);
  for (const token of [...namedTokens(settings, defaults), ...extra]) add(token, true);
  const mask = tokenOf(namedToken("mask_token", settings, defaults));
  return { tokens: [...found.values()], listed, mask: mask && found.get(mask.content)?.id };
}
