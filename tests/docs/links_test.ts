import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { blocksIn, codeMarks, pages, root } from "./pages.ts";

/** What looks like a path in code marks and is none of this repository. */
const NO_PATHS = /^(results|sentiment|brown|wordnet|org|nyu-mll|glue|superglue|tweet-eval|\.)\//;

const exists = (path: string) => Deno.stat(join(root, path)).then(() => true, () => false);

Deno.test("every link of a page leads to a file, and to a heading of it where it names one", async () => {
  const others = ["CHANGELOG.md"].map(async (path) => ({ path, text: await Deno.readTextFile(join(root, path)) }));
  for (const { path, text } of [...pages.values(), ...await Promise.all(others)]) {
    for (const [, target] of text.replace(/^```.*?^```$/gms, "").matchAll(/\]\(([^)]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [file, anchor] = target.split("#");
      const linked = file === "" ? path : join(dirname(path), file);
      assert.ok(await exists(linked), `${path} links to ${target}`);
      if (anchor !== undefined) assert.ok(pages.get(linked)?.anchors.has(anchor), `${path} links to ${target}`);
    }
  }
});

Deno.test("docs/README.md links to every page", () => {
  const { text } = pages.get("docs/README.md")!;
  const names = [...pages.keys()].filter((path) => path.startsWith("docs/") && path !== "docs/README.md");
  assert.ok(names.length >= 12);
  for (const path of names) assert.ok(text.includes(`](${path.slice("docs/".length)})`), path);
});

Deno.test("every path that a page names in code marks is in the repository", async () => {
  const shown = new Set([...pages.values()].flatMap(({ blocks }) => blocks.map(({ file }) => file)));
  let count = 0;
  for (const { path, prose } of pages.values()) {
    const named = codeMarks(prose).filter((text) => /^([\w.-]+\/)+[\w.-]*$|^mod\.ts$/.test(text));
    for (const name of named.filter((name) => !shown.has(name) && !NO_PATHS.test(name))) {
      assert.ok(await exists(name), `${path} names ${name}`);
      count++;
    }
  }
  assert.ok(count > 20);
});

Deno.test("every deno task that a page names is one of deno.json", () => {
  let count = 0;
  for (const { path, text } of pages.values()) {
    for (const [, name] of text.matchAll(/(?:deno|deno@2) task ([a-z][\w:-]*)/g)) {
      if (name === "stands") continue;
      assert.ok(Object.hasOwn(config.tasks, name), `${path} names deno task ${name}`);
      count++;
    }
  }
  assert.ok(count > 30);
});

Deno.test("README.md has less than 12,000 bytes", () => {
  const { length } = new TextEncoder().encode(pages.get("README.md")!.text);
  assert.ok(length < 12_000, String(length));
});

Deno.test("every block of code names its language, and no block is in one that no test knows", () => {
  for (const { path, text, blocks } of pages.values()) {
    assert.equal(text.match(/^```/gm)?.length ?? 0, 2 * blocks.length, path);
    for (const { language } of blocks) assert.match(language, /^(sh|ts|json|jsonc|text|python)$/, path);
  }
});

Deno.test("deno.json, CITATION.cff and CHANGELOG.md name the same version", async () => {
  assert.match(await Deno.readTextFile(join(root, "CITATION.cff")), new RegExp(`^version: ${config.version}$`, "m"));
  const [latest] = /(?<=^## )\S+/m.exec(await Deno.readTextFile(join(root, "CHANGELOG.md")))!;
  assert.equal(latest, config.version);
});

Deno.test("the gate runs the test command of README.md with Deno pinned exactly", async () => {
  const command = /^npx -y deno@2 task test$/m.exec(pages.get("README.md")!.text);
  assert.ok(command);
  const gate = await Deno.readTextFile(join(root, ".ci/run"));
  const versions = [...gate.matchAll(/deno@(\S+)/g)].map(([, version]) => version);
  assert.equal(new Set(versions).size, 1);
  assert.match(versions[0], /^\d+\.\d+\.\d+$/);
  for (const more of ["", ":long", ":browser", ":slurm"]) {
    assert.match(gate, new RegExp(` ${command[0].replace("@2 ", `@${versions[0]} `)}${more} [|&]`), more);
  }
});

Deno.test("what a page of python shows is about PEFT, whose exchange with this project has tests of its own", () => {
  assert.deepEqual(new Set(blocksIn("python").map(({ page }) => page)), new Set(["docs/peft.md"]));
});
