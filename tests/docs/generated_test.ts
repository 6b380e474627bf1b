import assert from "node:assert/strict";
import { fillPage } from "../../docs/generate.ts";
import { parts } from "../../docs/parts.ts";
import { pages } from "./pages.ts";

for (const { path, text } of pages.values()) {
  const names = [...text.matchAll(/^<!-- generated: (.*) -->$/gm)].map(([, name]) => name);
  if (names.length === 0) continue;
  Deno.test(`${path} has its generated parts as the code is (deno task docs writes them): ${names.join(", ")}`, async () => {
    assert.equal(await fillPage(path, text), text);
  });
}

Deno.test("every part is in a page", () => {
  const text = [...pages.values()].map(({ text }) => text).join("\n");
  for (const name of Object.keys(parts)) assert.ok(text.includes(`<!-- generated: ${name} -->`), name);
});

Deno.test("a part that is not there, or does not end, is refused with the page's name", async () => {
  await assert.rejects(fillPage("a.md", "<!-- generated: methds -->\n"), /Cannot fill in a\.md: .* it is methds/);
  await assert.rejects(fillPage("a.md", "<!-- generated: methods -->\n"), /Cannot fill in a\.md: .* must end with/);
});
