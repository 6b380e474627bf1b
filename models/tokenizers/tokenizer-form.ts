/**
 * Rewrites parts of a tokenizer.json that @huggingface/tokenizers, in JavaScript, reads differently from the original
 * library, so that the token ids are the same.
 * @module
 */

/** A normaliser or pre-tokenizer of a tokenizer.json, or a list of them. */
export type FormPart = Record<string, unknown> | null | undefined;

/** Applies a change to the part, or to each part of a sequence. */
function each(
  part: FormPart,
  list: string,
  change: (part: Record<string, unknown>) => object,
): object | null | undefined {
  if (!part || typeof part !== "object") return part;
  if (!Array.isArray(part[list])) return change(part);
  return { ...part, [list]: part[list].map((inner) => each(inner, list, change)) };
}

/** Lower case letter by letter. JavaScript would turn a Σ at the end of a word into ς instead of σ. */
function lowered(part: Record<string, unknown>): object {
  if (part.type !== "Lowercase" && !(part.type === "BertNormalizer" && part.lowercase)) return part;
  const sigma = { type: "Replace", pattern: { String: "Σ" }, content: "σ" };
  return { type: "Sequence", normalizers: [sigma, part] };
}

/** Digits are all numerals of Unicode, ½ and Ⅷ included, not only 0 to 9. */
function counted(part: Record<string, unknown>): object {
  if (part.type !== "Digits") return part;
  const Regex = part.individual_digits ? "\\p{N}" : "\\p{N}+";
  return { type: "Split", pattern: { Regex }, behavior: "Isolated", invert: false };
}

/** The content of tokenizer.json with these changes. */
export function faithful(form: { normalizer?: FormPart; pre_tokenizer?: FormPart }): object {
  return {
    ...form,
    normalizer: each(form.normalizer, "normalizers", lowered),
    pre_tokenizer: each(form.pre_tokenizer, "pretokenizers", counted),
  };
}
