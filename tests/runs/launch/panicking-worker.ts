/** Stands for a worker whose tokenizer has a regular expression that runs away. */
import { nativeTokenizer } from "../../../models/tokenizers/native.ts";

const tokenizer = nativeTokenizer("tokenizer.json", {
  added_tokens: [],
  normalizer: null,
  pre_tokenizer: { type: "Split", pattern: { Regex: "(a+)+$" }, behavior: "Isolated", invert: false },
  decoder: null,
  model: { type: "WordLevel", vocab: { a: 0 }, unk_token: "a" },
});
await tokenizer.idsOf("a".repeat(40) + "b");
