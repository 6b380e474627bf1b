/** Tokenizer files with all parts of the tokenizers library, drawn at random, and its values (tests/golden/tokenizers). */
import assert from "node:assert/strict";
import { openTokenizer } from "../../../models/tokenizers/tokenizer.ts";
import { inFolder } from "../../in-folder.ts";

/** `ids`: "panic" or null where the library panics or fails. */
type Value = [
  text: string,
  pair: string | null,
  ids: number[] | "panic" | null,
  types: number[],
  decoded: string | null,
];
interface Drawn {
  form: { decoder: unknown; post_processor: unknown; model: { unk_token?: string; vocab: object } };
  values: Value[];
}

const packed = await Deno.readFile(new URL("../../golden/tokenizers/values.json.gz", import.meta.url));
const files: Drawn[] = await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip")))
  .json();
const SENTENCE = /^Cannot use the tokenizer \S+: [^\n]+$/;

/** What was compared of a file: equal pairs, or why it is refused. */
async function compare({ form, values }: Drawn, folder: string): Promise<{ equal: number; refused?: string }> {
  await Deno.writeTextFile(`${folder}/tokenizer.json`, JSON.stringify(form));
  let equal = 0;
  try {
    const tokenizer = await openTokenizer(folder, 1 << 20);
    for (const [text, pair, ids, types, decoded] of values) {
      // A panic ends the process.
      if (ids === "panic") continue;
      const asked = JSON.stringify({ text, pair, form });
      const encoded = tokenizer.encode(text, 1 << 20, pair ?? undefined);
      if (ids === null) {
        await assert.rejects(encoded, ({ message }: Error) => SENTENCE.test(message), asked);
      } else {
        const actual = await encoded;
        assert.deepEqual([...actual], ids, asked);
        if (pair !== null) assert.deepEqual(actual.types, types, asked);
        if (decoded !== null) assert.equal(await tokenizer.decode(ids), decoded, asked);
      }
      equal++;
    }
    return { equal };
  } catch (error) {
    const { message } = error as Error;
    if (error instanceof assert.AssertionError || !SENTENCE.test(message)) throw error;
    return { equal: 0, refused: message.replace(/^Cannot use the tokenizer \S+: /, "") };
  }
}

Deno.test("ids, segments and texts of 2,000 drawn pairs of file and text are the library's, or the file is refused by name", () =>
  inFolder({}, async (folder) => {
    const refusals = new Map<string, number>();
    let equal = 0;
    for (const drawn of files) {
      const result = await compare(drawn, folder);
      equal += result.equal;
      const kind = result.refused?.replace(/, (current value|it is|there are).*/, "");
      if (kind) refusals.set(kind, (refusals.get(kind) ?? 0) + 1);
    }
    assert.equal(files.length, 500);
    assert(equal > 1500, `${equal} equal, refused: ${JSON.stringify([...refusals])}`);
    assert.deepEqual([...refusals.keys()].sort(), [
      "its unk_token must be in its vocabulary",
      "one part of its post_processor at most may add tokens",
      "the stop of Strip must be 0",
    ]);
  }));
