/** Tokenizers of real models, compared with transformers; see peer.ts. */
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { findFolder } from "../../models/mod.ts";
import { openTokenizer } from "../../models/tokenizers/tokenizer.ts";
import { ask, ignore, MINILM, SMOLLM2 } from "./peer.ts";

const LIMIT = 64;
const VOCABULARY = 1e6;

const TEXTS = [
  "The quick brown fox doesn't jump over the lazy dog's 1,234.56 bones — it can't!",
  "",
  " ",
  "Ünïcödé: naïve café, Straße, İstanbul, ŒUVRE, ﬁne ligatures, ½ and Ⅷ",
  "Übergrößenträger, Donaudampfschifffahrtsgesellschaft, antidisestablishmentarianism",
  "Съешь же ещё этих мягких французских булок, да выпей чаю.",
  "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία. Ο ΟΔΥΣΣΕΥΣ",
  "敏捷的棕色狐狸跳过懒狗。素早い茶色の狐、カタカナ、ﾊﾝｶｸ。빠른 갈색 여우",
  "دَرَسَ الطالِبُ القاعِدَةَ، שָׁלוֹם עוֹלָם",
  "हिन्दी में एक वाक्य, ภาษาไทยไม่มีช่องว่าง, தமிழ்",
  "emoji 😀👍🏽 👨‍👩‍👧‍👦 🏳️‍🌈 ❤️ #️⃣ 🇬🇧 mixed😀with words",
  "  leading, \t tabs \t\t, \n new\r\nlines \n\n\n, trailing   ",
  "non\u00a0breaking, em\u2003space, ideographic\u3000space, zero\u200bwidth, joiner\u200d, bom\ufeff, soft\u00adhyphen",
  "control \u0000\u0001\u0007\u001b\u007f\u0085 characters, replacement \ufffd, private \ue000, line\u2028paragraph\u2029",
  "e\u0301 a\u0308 o\u0302\u0323 combining, A\u030a and \u212b, \u1e9b\u0323",
  "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝟘𝟙𝟚 𐍈 𠜎",
  "def f(x):\n    return {'a': x**2, \"b\": [1, 2, 3]}  # comment\n",
  "https://example.org/a_b-c?d=%20&e=f#g user@example.org C:\\path\\file ```code``` <br/> &amp;",
  "$1,000.00 -42 +3e-10 1234567890123456789012345678901234567890 v2.0.1 10:30 2026-11-24",
  "They're we've I'll he'd it's CAN'T Rock'n'roll ’tis “quoted” ‘text’ …",
  "!!!???...---***///\\\\\\(((())))[[[]]]{{{}}}<<<>>>~~~```^^^|||",
  "x".repeat(300),
  "longword ".repeat(200),
  "a [MASK] b [SEP] c [CLS] d [UNK] e",
  "<|im_start|>user\nhello<|im_end|>\n<|endoftext|> <|notatoken|>",
  "\u{1f1e6}\u{1f1e7}\u{1f1e8}",
];

const PAIRS: [string, string][] = [
  ["A man is eating food.", "Someone eats."],
  ["short", "a much longer text that goes on and on ".repeat(10)],
  ["a much longer text that goes on and on ".repeat(10), "short"],
  ["both are long ".repeat(40), "and so is this ".repeat(30)],
  ["", "only the second"],
  ["日本語の文", "ein Satz 😀"],
];

for (const [name, folder] of [["MiniLM", MINILM], ["SmolLM2", SMOLLM2]]) {
  Deno.test({
    name: `${name}: token ids of any text are those of transformers`,
    ignore,
    async fn() {
      const tokenizer = await openTokenizer(folder, VOCABULARY);
      const inputs = [...TEXTS.map((text) => [text]), ...PAIRS];
      const expected = await ask<[number[], number[] | null][]>("tokens", folder, LIMIT, inputs);
      const actual = await Array.fromAsync(inputs, ([text, pair]) => tokenizer.encode(text, LIMIT, pair));
      const wrong = inputs.filter((_, at) => {
        const [ids, types] = expected[at];
        const { types: segments = types } = actual[at];
        return !isDeepStrictEqual([...actual[at]], ids) || types && !isDeepStrictEqual(segments, types);
      });
      assert.deepEqual(wrong, []);
    },
  });
}

Deno.test({
  name: "SmolLM2: a message is written by the chat template as by transformers",
  ignore,
  async fn() {
    const { chat } = await openTokenizer(SMOLLM2, VOCABULARY);
    const messages = ["What is prefix tuning?", "  spaces \n and {{ braces }} 😀 "];
    assert.deepEqual(messages.map((message) => chat!(message)), await ask("chat", SMOLLM2, messages));
  },
});

Deno.test({
  name: "a folder is opened with its tokenizer",
  ignore,
  async fn() {
    const backbone = await (await findFolder(MINILM)).open();
    const tokenizer = await openTokenizer(MINILM, backbone.vocabularySize);
    assert.deepEqual(await backbone.encode(TEXTS[0], LIMIT), await tokenizer.encode(TEXTS[0], LIMIT));
  },
});
