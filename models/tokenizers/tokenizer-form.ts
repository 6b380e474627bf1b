/**
 * Where @huggingface/tokenizers reads a tokenizer.json otherwise than the library it follows, the same said in other words.
 * @module
 */

/** A normaliser or pre-tokenizer of a tokenizer.json, or a list of them. */
export type FormPart = Record<string, unknown> | null | undefined;

/** The part, or each part of a sequence, changed. */
function each(
  part: FormPart,
  list: string,
  change: (part: Record<string, unknown>) => object,
): object | null | undefined {
  if (!part || typeof part !== "object") return part;
  if (!Array.isArray(part[list])) return change(part);
  return { ...part, [list]: part[list].map((inner) => each(inner, list, change)) };
}

/** Lower case of each letter alone: JavaScript makes a final ς of a Σ that ends a word. */
function lowered(part: Record<string, unknown>): object {
  if (part.type !== "Lowercase" && !(part.type === "BertNormalizer" && part.lowercase)) return part;
  const sigma = { type: "Replace", pattern: { String: "Σ" }, content: "σ" };
  return { type: "Sequence", normalizers: [sigma, part] };
}

/** Digits are all that Unicode counts with, such as ½ and Ⅷ, not 0 to 9 alone. */
function counted(part: Record<string, unknown>): object {
  if (part.type !== "Digits") return part;
  const Regex = part.individual_digits ? "\\p{N}" : "\\p{N}+";
  return { type: "Split", pattern: { Regex }, behavior: "Isolated", invert: false };
}

/** A value of tokenizer.json that gives the ids it was written for. */
export function faithful(form: { normalizer?: FormPart; pre_tokenizer?: FormPart }): object {
  return {
    ...form,
    normalizer: each(form.normalizer, "normalizers", lowered),
    pre_tokenizer: each(form.pre_tokenizer, "pretokenizers", counted),
  };
}
