import assert from "node:assert/strict";
import { COMMIT, files, NAME, open, readAll, withHub } from "./fixture.ts";
import { gitHash, sha256 } from "./server.ts";

Deno.test("a model in the cache of Hugging Face's programs is used in place and left as it is", () =>
  withHub(async (hub, cache, hfCache) => {
    const repository = `${hfCache}/models--org--tiny`;
    const snapshot = `${repository}/snapshots/${COMMIT}`;
    for (const folder of [snapshot, `${repository}/blobs`, `${repository}/refs`]) {
      await Deno.mkdir(folder, { recursive: true });
    }
    await Deno.writeTextFile(`${repository}/refs/main`, COMMIT);
    const put = async (name: string) => {
      const blob = hub.isLarge(name) ? sha256(files[name]) : gitHash(files[name]);
      await Deno.writeFile(`${repository}/blobs/${blob}`, files[name]);
      await Deno.symlink(`../../blobs/${blob}`, `${snapshot}/${name}`);
    };
    for (const name of ["config.json", "model.safetensors", "tokenizer.json"]) await put(name);
    // They fetch file by file: here the tokenizer's settings are not there yet.
    assert.equal((await open()).folder.startsWith(cache), true);
    await Deno.remove(cache, { recursive: true });
    await put("tokenizer_config.json");
    const before = await readAll(hfCache);
    hub.sent = 0;
    for (const options of [{}, { offline: true }]) {
      const { folder, files: facts, fetched } = await open(NAME, options);
      assert.deepEqual([folder, fetched], [snapshot, 0]);
      for (const [name, { size, sha256: sum }] of Object.entries(facts)) {
        assert.deepEqual([size, sum], [files[name].length, sha256(files[name])]);
      }
    }
    assert.equal(hub.sent, 0);
    assert.deepEqual(await readAll(hfCache), before);
    // A damaged one is not used: a small one never, a large one where that is asked for.
    const weights = `${repository}/blobs/${sha256(files["model.safetensors"])}`;
    await Deno.writeFile(weights, files["model.safetensors"].map((byte) => byte ^ 1));
    assert.equal((await open(NAME, { verify: true })).folder.startsWith(cache), true);
    await Deno.remove(cache, { recursive: true });
    await Deno.writeFile(weights, files["model.safetensors"]);
    await Deno.writeTextFile(`${repository}/blobs/${gitHash(files["config.json"])}`, "{!");
    assert.equal((await open()).folder.startsWith(cache), true);
  }));
