/**
 * Parts of a tokenizer.json that concern special tokens.
 * @module
 */

/**
 * A template for one text and one for two, in the form of tokenizer.json.
 * @param single parts with spaces between, "[CLS] $A [SEP]"
 * @param pair the same with "$B"; a part of the second segment ends with ":1"
 * @param ids of the special tokens
 */
export function template(single: string, pair: string, ids: Readonly<Record<string, unknown>>): object {
  const parts = (text: string) =>
    text.split(" ").map((part) => {
      const [, id, type = "0"] = /^(.+?)(?::(\d))?$/.exec(part)!;
      const place = (id: string) => ({ id, type_id: Number(type) });
      return id.startsWith("$") ? { Sequence: place(id.slice(1)) } : { SpecialToken: place(id) };
    });
  const special_tokens = Object.fromEntries(
    Object.entries(ids).map(([token, id]) => [token, { id: token, ids: [id], tokens: [token] }]),
  );
  return { type: "TemplateProcessing", single: parts(single), pair: parts(pair), special_tokens };
}

/** An entry of `added_tokens` in tokenizer.json: a token that is found in texts before anything else. */
export function addedToken(content: string, id: unknown, flags: { lstrip?: boolean; special?: boolean } = {}): object {
  return { id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true, ...flags };
}
