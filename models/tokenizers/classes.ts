/**
 * Tokenizer classes of transformers. Some make a tokenizer of their own from the vocabulary of a tokenizer.json and the
 * settings of tokenizer_config.json, whatever else tokenizer.json says; the others take it as it is.
 * @module
 */
import { showValue } from "../../base/errors.ts";
import { addedTokens } from "./added-tokens.ts";
import { bertClass } from "./wordpiece.ts";
import { gpt2Class, qwen2Class, robertaClass } from "./byte-pairs.ts";
import { llamaClass, t5Class } from "./sentence-piece.ts";
import type { TokenizerClass } from "./template.ts";
import type { TokenizerJson } from "./tokenizer-json.ts";

const classes: Readonly<Record<string, TokenizerClass>> = {
  BertTokenizer: bertClass,
  DistilBertTokenizer: bertClass,
  RobertaTokenizer: robertaClass,
  GPT2Tokenizer: gpt2Class,
  Qwen2Tokenizer: qwen2Class,
  LlamaTokenizer: llamaClass,
  T5Tokenizer: t5Class,
};

/** Takes a tokenizer.json as it is. */
const AS_IT_IS = "TokenizersBackend";

/** The class of a kind of model where nothing names one. */
const ofModel: Readonly<Record<string, string>> = {
  bert: "BertTokenizer",
  distilbert: "BertTokenizer",
  roberta: "RobertaTokenizer",
  gpt2: "GPT2Tokenizer",
  qwen2: "Qwen2Tokenizer",
  t5: "T5Tokenizer",
  mistral: AS_IT_IS,
};

/** The class that AutoTokenizer takes. @param config of config.json */
function className(form: TokenizerJson, settings: Record<string, unknown>, config: Record<string, unknown>): string {
  const given = settings.tokenizer_class ?? config.tokenizer_class;
  const own = ofModel[String(config.model_type)];
  if (typeof given !== "string") return own ?? AS_IT_IS;
  const named = given.replace(/Fast$/, "");
  // Models of Llama 3 name a class that their byte-level tokenizer is not of.
  const { normalizer, pre_tokenizer, post_processor, decoder } = form;
  const parts = JSON.stringify([normalizer, pre_tokenizer, post_processor, decoder]);
  if (named === "LlamaTokenizer" && parts.includes('"ByteLevel"')) return AS_IT_IS;
  if (own === undefined || own === named) return named;
  // Of Qwen2, the class in the settings is often wrong.
  return own === AS_IT_IS || config.model_type === "qwen2" ? own : named;
}

/** Pieces of a model and their ids. */
function idsOf(vocab: unknown): Map<string, number> {
  if (Array.isArray(vocab)) return new Map(vocab.map((entry, id) => [String(Object(entry)[0]), id]));
  return new Map(Object.entries(Object(vocab)));
}

/** @throws {Error} the end of a sentence, if a setting changes ids in a way that is not supported */
function checkSettings({ truncation_side: side, ...others }: Record<string, unknown>): void {
  for (const name of ["split_special_tokens", "fix_mistral_regex"]) {
    if (others[name] === true) throw new Error(`${name} of tokenizer_config.json must be false, it is true`);
  }
  if (side !== undefined && side !== "right") {
    throw new Error(`truncation_side of tokenizer_config.json must be right, it is ${showValue(side)}`);
  }
}

/**
 * The tokenizer that AutoTokenizer makes of a tokenizer.json, as another tokenizer.json, and the id of its mask, if any.
 * @param settings of tokenizer_config.json
 * @param config of config.json
 * @param rows of the word embeddings
 * @param standIn the class of files other than tokenizer.json where none is named that makes a tokenizer of its own
 * @throws {Error} the end of a sentence, if settings and tokenizer.json do not go together
 */
export function asTransformers(
  form: TokenizerJson,
  settings: Record<string, unknown>,
  config: Record<string, unknown>,
  rows: number,
  standIn: string = AS_IT_IS,
): { form: TokenizerJson; mask?: number } {
  checkSettings(settings);
  const found = className(form, settings, config);
  const name = Object.hasOwn(classes, found) ? found : standIn;
  const kind = Object.hasOwn(classes, name) ? classes[name] : undefined;
  const stored = Array.isArray(form.added_tokens) ? form.added_tokens : [];
  const model = Object(form.model);
  if (kind && model.type !== undefined && model.type !== kind.model) {
    throw new Error(`its model must be ${kind.model} for ${name}, current value is ${showValue(model.type)}`);
  }
  const ids = idsOf(model.vocab);
  const defaults = kind?.defaults ?? {};
  const { tokens: added_tokens, listed, mask } = addedTokens({
    ids,
    stored,
    settings,
    defaults,
    extra: kind?.extra?.(settings) ?? [],
    rebuilt: kind !== undefined,
    rows,
  });
  if (!kind) return { form: { ...form, added_tokens }, mask };
  return { form: { added_tokens, ...kind.parts(form, settings, new Map([...ids, ...listed])) }, mask };
}
