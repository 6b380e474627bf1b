import assert from "node:assert/strict";
import { type GgufValue, readGgufHeader } from "../../../models/gguf/file.ts";
import { convertTokenizer } from "../../../models/gguf/tokenizer.ts";
import { openTokenizer, type TextTokenizer } from "../../../models/tokenizers/tokenizer.ts";
import { makeFolder } from "../folder/copies.ts";
import { golden } from "./fixture.ts";

async function tokenizerOf(file: string, changes: Record<string, GgufValue> = {}): Promise<TextTokenizer> {
  const header = await readGgufHeader(golden(file));
  const { "tokenizer.ggml.tokens": tokens, ...others } = { ...header.metadata, ...changes };
  const files = convertTokenizer({ ...header, metadata: { "tokenizer.ggml.tokens": tokens, ...others } }, 64)!;
  return await openTokenizer(await makeFolder(files), (tokens as string[]).length);
}

for (
  const [pre, values] of Object.entries<{ text: string; ids: number[] }[]>(
    JSON.parse(await Deno.readTextFile(golden("byte-level.json"))),
  )
) {
  Deno.test(`byte-level ids of texts split as in ${pre} are those of tokenizers`, async () => {
    const tokenizer = await tokenizerOf("byte-level.gguf", { "tokenizer.ggml.pre": pre });
    for (const { text, ids } of values) {
      assert.deepEqual([...await tokenizer.encode(text, 1000)], ids, JSON.stringify(text));
      const alone = pre === "llama-bpe" ? ids.slice(1) : ids;
      assert.deepEqual(await tokenizer.tokenize(text), alone, JSON.stringify(text));
      if (/[<]/.test(text) || alone.length === 0) continue;
      assert.equal(await tokenizer.decode(alone), pre === "qwen2" ? text.normalize("NFC") : text);
    }
  });
}

Deno.test("ids of SentencePiece are those of sentencepiece, and decode to the same text", async () => {
  const tokenizer = await tokenizerOf("pieces.gguf");
  const values: { text: string; ids: number[]; decoded: string }[] = JSON.parse(
    await Deno.readTextFile(golden("pieces.json")),
  );
  for (const { text, ids, decoded } of values) {
    assert.deepEqual([...await tokenizer.encode(text, 1000)], ids, JSON.stringify(text));
    assert.equal(await tokenizer.decode(ids), decoded);
  }
});
