import assert from "node:assert/strict";
import { findFolder } from "../../../models/mod.ts";
import { whole } from "./bert.ts";
import { makeFolder } from "./copies.ts";

const cards: [card: string, licence: string][] = [
  ["---\nlanguage: en\nlicense: apache-2.0\ntags:\n- x\n---\n# Bert", "apache-2.0"],
  ["---\r\nlicense: mit\r\n---\r\n", "mit"],
  ["---\nlicense:\n- mit\n- apache-2.0\n---\n", "unknown"],
  ["---\nlanguage: en\n---\nlicense: mit\n", "unknown"],
  ["license: mit\n", "unknown"],
  [`---\nlicense: ${"x".repeat(200)}\n---\n`, "unknown"],
  [`---\nlicense: mit\n${" ".repeat(60_000)}\n---\n`, "mit"],
  [`---\nlicense:${" ".repeat(60_000)}mit\n---\n`, "mit"],
  // Beyond the 65,536 bytes that are read.
  [`---\n${" ".repeat(70_000)}\nlicense: mit\n---\n`, "unknown"],
];

for (const [card, licence] of cards) {
  Deno.test(`the licence of a folder is that of its card: ${JSON.stringify(card).slice(0, 60)}`, async () => {
    assert.equal((await findFolder(await makeFolder({ ...whole, "README.md": card }))).licence, licence);
  });
}
