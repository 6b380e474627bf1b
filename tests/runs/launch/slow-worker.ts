/** Stands for a worker whose tokenizer has a regular expression that needs time by the square of the text. */
import { nativeTokenizer } from "../../../models/tokenizers/native.ts";

const form = {
  added_tokens: [],
  normalizer: null,
  pre_tokenizer: { type: "Split", pattern: { Regex: "a+b" }, behavior: "Isolated", invert: false },
  decoder: null,
  model: { type: "WordLevel", vocab: { a: 0 }, unk_token: "a" },
};
try {
  await nativeTokenizer("tokenizer.json", form, 0.2).idsOf("a".repeat(1_000_000));
} catch (error) {
  console.log(JSON.stringify({ type: "failed", reason: (error as Error).message }));
  Deno.exit(1);
}
