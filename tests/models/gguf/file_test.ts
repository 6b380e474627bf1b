import assert from "node:assert/strict";
import { findFolder } from "../../../models/mod.ts";
import { makeFolder } from "../folder/copies.ts";
import { tinyLlama, writeGguf } from "./write-file.ts";
import "../test-cache.ts";

Deno.test("a truncated file is refused, and so is another format or version", async () => {
  const { bytes } = writeGguf(tinyLlama());
  const folder = await makeFolder({});
  const refused = async (content: Uint8Array, message: RegExp) => {
    await Deno.writeFile(`${folder}/a.gguf`, content);
    await assert.rejects(findFolder(`${folder}/a.gguf`), message);
  };
  for (let length = 0; length < bytes.length - 32; length += 29) {
    await refused(bytes.slice(0, length), /^Error: Cannot read [^\n]*(its header claims more bytes|must end inside)/);
  }
  const changed = (at: number, value: number) => bytes.map((byte, place) => place === at ? value : byte);
  await refused(changed(0, 0), /must begin with the letters GGUF$/);
  await refused(changed(4, 1), /its GGUF version must be 2 or 3, current value is 1$/);
  await refused(changed(4, 4), /its GGUF version must be 2 or 3, current value is 4$/);
  await refused(changed(4, 0).map((byte, at) => at === 7 ? 3 : byte), /must have its lowest bytes first/);
  await assert.rejects(findFolder(`${folder}/none.gguf`), /Cannot read .*none\.gguf: there must be such a file$/);
  await assert.rejects(findFolder(folder.replace(/$/, "/.gguf")), /there must be such a file$/);
});
