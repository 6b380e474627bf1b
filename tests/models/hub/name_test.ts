import assert from "node:assert/strict";
import { HubRefusal, parseHubName } from "../../../models/hub/name.ts";
import { open, withHub } from "./fixture.ts";

Deno.test("names and paths that lead elsewhere are refused, from users and from the hub", () =>
  withHub(async (hub, cache) => {
    const names = [
      "org/..",
      "../x/y",
      "org/../x",
      "org/x/y",
      "org/",
      "/x",
      "org/a--b",
      "org/.x",
      "org/x.",
      "org/a b",
      "org/a\0",
      "org/a\\b",
      `org/${"a".repeat(97)}`,
      "org/x@",
      "org/x@../y",
      "org/x@a..b",
      "org/x@/y",
      "org/x@a//b",
      "org/x@a\\b",
      "org/x@a/.hidden",
      `org/x@${"a".repeat(201)}`,
      "org/x:",
      "org/x:../y.gguf",
      "org/x:/y.gguf",
      "org/x:a/../y.gguf",
      "org/x:a\\y.gguf",
      "org/x:y.bin",
      "org/x:y\0.gguf",
      "org/ä",
      "org/x?y",
      "org/x#y",
      "org/%2e%2e",
    ]; // deno-fmt-ignore-line
    for (const name of names) assert.throws(() => parseHubName(name), HubRefusal, name);
    assert.deepEqual(parseHubName("a/b.c@refs/pr/1:d/e.gguf"), {
      repository: "a/b.c",
      revision: "refs/pr/1",
      file: "d/e.gguf",
    });
    for (const path of ["../x", "/x", "a\\b", "./x", "a/./b", "a/../b", "a//b", "x\0", "C:x", "x".repeat(300), ""]) {
      hub.extra = [path];
      await assert.rejects(
        open(),
        (error: Error) => error instanceof HubRefusal && /must stay inside/.test(error.message),
        path,
      );
    }
    hub.extra = [];
    hub.intercept = ({ path }) => path.includes("/revision/") ? Response.json({ id: "x", sha: "../../.." }) : undefined;
    await assert.rejects(open(), /the hub must name the commit of main/);
    await assert.rejects(Deno.stat(`${cache}/hub/blobs`), Deno.errors.NotFound);
    Deno.env.set("HF_ENDPOINT", "file:///etc");
    await assert.rejects(open(), /^HubRefusal: Cannot use HF_ENDPOINT/);
  }));
