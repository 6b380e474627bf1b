import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { readPairPieces, readUnigram } from "../../../models/tokenizers/sentence-piece.ts";
import { inFolder } from "../../in-folder.ts";

const golden = fileURLToPath(new URL("../../golden/vocabularies/", import.meta.url));
const unigram = await Deno.readFile(`${golden}t5/spiece.model`);
const pairs = await Deno.readFile(`${golden}llama/tokenizer.model`);

/** Calls `work` with a folder that holds the vocabulary under both names that a folder may give it. */
function withVocabulary(bytes: Uint8Array, work: (folder: string) => Promise<void>): Promise<void> {
  return inFolder({ "spiece.model": bytes, "tokenizer.model": bytes }, work);
}

const wrong: [what: string, bytes: Uint8Array, message: RegExp][] = [
  ["an empty file", new Uint8Array(), /it ends before it says of which kind$/],
  ["half a file", unigram.slice(0, 1000), /it must be a vocabulary of SentencePiece, /],
  ["text", new TextEncoder().encode("version https://git-lfs"), /it must be a vocabulary of SentencePiece, /],
  ["byte pairs", pairs, /its pieces must be unigram without bytes, current value is byte pairs with bytes$/],
];

for (const [what, bytes, message] of wrong) {
  Deno.test(`a spiece.model that is ${what} is refused in one sentence`, () =>
    withVocabulary(bytes, async (folder) => {
      await assert.rejects(readUnigram(folder, {}), (error: Error) => {
        assert.match(error.message, /^Cannot read .*spiece\.model: [^\n]*$/);
        assert.match(error.message, message);
        return true;
      });
    }));
}

Deno.test("a tokenizer.model of unigram pieces and an absurd number of sentinels are refused", () =>
  withVocabulary(unigram, async (folder) => {
    await assert.rejects(
      readPairPieces(folder, {}),
      /its pieces must be byte pairs with bytes, current value is unigram/,
    );
    await assert.rejects(
      readUnigram(folder, { extra_ids: 1e9 }),
      {
        message:
          `Cannot use the tokenizer ${folder}/spiece.model: extra_ids must be a whole number from 0 to 10000, current value is 1000000000`,
      },
    );
  }));

Deno.test("damaged vocabularies of SentencePiece are read or refused in one sentence", () =>
  withVocabulary(pairs, async (folder) => {
    const damage = fc.array(fc.record({ at: fc.nat(pairs.length - 1), value: fc.nat(255) }), {
      minLength: 1,
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(damage, fc.nat(pairs.length), async (changes, length) => {
        const bytes = pairs.slice(0, length % 3 === 0 ? length : pairs.length);
        for (const { at, value } of changes) bytes[at] = value;
        await Deno.writeFile(`${folder}/tokenizer.model`, bytes);
        await readPairPieces(folder, {}).catch((error: Error) => {
          assert.match(error.message, /^Cannot read .*tokenizer\.model: [^\n]*$/);
        });
      }),
      { numRuns: 300, seed: 5 },
    );
  }));
