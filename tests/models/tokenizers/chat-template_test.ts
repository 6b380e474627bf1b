import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { filesIn } from "../../../models/file-source.ts";
import { openTokenizer, tokenizerFiles } from "../../../models/tokenizers/tokenizer.ts";
import { inFolder } from "../../in-folder.ts";

/** Values of transformers (tests/golden/chat-templates.py). */
const golden: { name: string; template: string; rendered: { message: string; text: string; ids: number[] }[] }[] = JSON
  .parse(await Deno.readTextFile(new URL("../../golden/chat-templates.json", import.meta.url)));
const vocabulary = fileURLToPath(new URL("../../golden/vocabularies/qwen2/", import.meta.url));
const settings = JSON.parse(await Deno.readTextFile(`${vocabulary}tokenizer_config.json`));

/** Calls `work` with the folder of a tokenizer that has these settings and, if given, a file with the template. */
async function withTemplate(
  more: Record<string, unknown>,
  template: string | undefined,
  work: (folder: string) => Promise<void>,
): Promise<void> {
  const read = (name: string) => Deno.readFile(vocabulary + name);
  const files = {
    "vocab.json": await read("vocab.json"),
    "merges.txt": await read("merges.txt"),
    "tokenizer_config.json": { ...settings, ...more },
    ...template !== undefined && { "chat_template.jinja": template },
  };
  await inFolder(files, work);
}

const rows = 600;
const tokens = { bos_token: "<|endoftext|>", eos_token: { content: "<|im_end|>" } };

for (const { name, template, rendered } of golden) {
  Deno.test(`a chat template with ${name} gives the texts and ids of transformers`, () =>
    withTemplate({ ...tokens, chat_template: template }, undefined, async (folder) => {
      const { chat, tokenize } = await openTokenizer(folder, rows);
      assert.equal(rendered.length, 5);
      for (const { message, text, ids } of rendered) {
        assert.equal(chat!(message), text);
        assert.deepEqual(await tokenize(text), ids);
      }
    }));
}

Deno.test("a template in a file of its own is used rather than that of the settings, and identifies the tokenizer", () =>
  withTemplate({ chat_template: "settings" }, "file: {{ messages[0].content }}", async (folder) => {
    const { chat } = await openTokenizer(folder, rows);
    assert.equal(chat!("cat"), "file: cat");
    assert((await tokenizerFiles(filesIn(folder))).includes("chat_template.jinja"));
  }));

Deno.test("the default of several templates is used; without a template a model does not chat", async () => {
  const several = [{ name: "tools", template: "tools" }, { name: "default", template: "default" }];
  await withTemplate({ chat_template: several }, undefined, async (folder) => {
    assert.equal((await openTokenizer(folder, rows)).chat!("cat"), "default");
  });
  for (const chat_template of [undefined, [several[0]]]) {
    await withTemplate({ chat_template }, undefined, async (folder) => {
      assert.equal((await openTokenizer(folder, rows)).chat, undefined);
    });
  }
});

Deno.test("a template that is invalid or refuses the message is named in one sentence", async () => {
  const sentence = (error: Error) => /^Cannot use the chat template of \S+: [^\n]+$/.test(error.message);
  await withTemplate({ chat_template: "{% if %}" }, undefined, async (folder) => {
    await assert.rejects(openTokenizer(folder, rows), sentence);
  });
  await withTemplate({ chat_template: "{{ raise_exception('no users here') }}" }, undefined, async (folder) => {
    const { chat } = await openTokenizer(folder, rows);
    assert.throws(() => chat!("cat"), { message: `Cannot use the chat template of ${folder}: no users here` });
  });
});
