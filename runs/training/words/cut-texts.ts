/**
 * Texts that are cut inside what stands around them.
 * @module
 */
import { truncated } from "../../../models/truncated.ts";
import type { Backbone } from "../../../models/types.ts";

/**
 * Token ids of one text or two inside what stands around them, at most `limit`. Texts are cut from their ends, the longer one
 * first; what stands around them stays whole.
 * @param fill token ids of such texts with what stands around them
 * @param refuse throws an error, given the tokens that are there without any text
 */
export async function cutTexts<Ids extends readonly number[]>(
  { tokenize, decode }: Required<Pick<Backbone, "tokenize" | "decode">>,
  texts: readonly string[],
  limit: number,
  fill: (texts: string[]) => Promise<Ids>,
  refuse: (taken: number) => never,
): Promise<Ids> {
  let ids = await fill([...texts]);
  if (ids.length <= limit) return ids;
  const [first, second = []] = await Array.fromAsync(texts, (text) => tokenize(text));
  // Tokens may merge where a text is cut, so a cut text can still be too long: it is cut again until it fits.
  for (let kept = first.length + second.length; ids.length > limit;) {
    kept = Math.max(0, kept - (ids.length - limit));
    const [ofFirst, ofSecond] = truncated(first.length, second.length, kept);
    const cut = [first.slice(0, ofFirst), second.slice(0, ofSecond)].slice(0, texts.length);
    ids = await fill(await Array.fromAsync(cut, (tokens) => decode(tokens)));
    // All texts would be the same.
    if (kept === 0) refuse(ids.length);
  }
  return ids;
}
