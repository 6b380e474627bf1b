import assert from "node:assert/strict";
import { openChatTemplate } from "../../../models/tokenizers/chat-template.ts";

const render = async (source: string) => (await openChatTemplate("folder", source, {}))!("hello");

Deno.test("a chat template that is long, holds much white space, loops on, counts far or doubles a text is refused with the bound", async () => {
  const loops = (count: number) => `${"{% for a in range(1000) %}".repeat(count)}x${"{% endfor %}".repeat(count)}`;
  const doubled = `{% set ns = namespace(t="ab") %}{% for a in range(60) %}{% set ns.t = ns.t + ns.t %}{% endfor %}`;
  for (
    const [source, rule] of [
      ["{{ a }}".repeat(100_000), "it must have at most 65536 characters, current value is 700000"],
      [
        `{{ 1 }}{%${" ".repeat(60_000)}set a = 1 %}`,
        "it must have at most 1000 spaces in a row, current value is 60000",
      ],
      [loops(2), "it must evaluate at most 100000 parts for a message, it goes on"],
      [loops(5), "it must evaluate at most 100000 parts for a message, it goes on"],
      ["{{ range(1000000000) | length }}", "a range must have at most 10000 items, current value is 1000000000"],
      ["{{ range(0, 5, 0) | length }}", "a range must have at most 10000 items, current value is Infinity"],
      [doubled, "its texts must have at most 1048576 characters, one has 2097152"],
    ]
  ) {
    await assert.rejects(() => render(source), { message: `Cannot use the chat template of folder: ${rule}` });
  }
});

Deno.test("ranges count as Python's do, and the bounds are those of one message", async () => {
  const source = "{{ range(3) | join }} {{ range(1, 4) | join }} {{ range(5, 0, -2) | join }}";
  assert.equal(await render(source), "012 123 531");
  const write = (await openChatTemplate("folder", "{% for a in range(9000) %}{{ a }}{% endfor %}", {}))!;
  for (let time = 0; time < 20; time++) assert.equal(write("hello").length, 34890);
});
