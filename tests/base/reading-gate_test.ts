/**
 * What may be read: regular files within a bound, and links that stay inside their folder.
 */
import assert from "node:assert/strict";
import { openFile, readBytes, readJson, readLines, readText, sha256File } from "../../base/files.ts";
import { canBeOtherUser, printedByOtherUser } from "../as-other-user.ts";
import { inFolder } from "../in-folder.ts";

const posix = Deno.build.os !== "windows";

/** Every way in which a file is read as a whole. */
const readers = [
  (path: string) => openFile(path, 100).then(({ file }) => file.close()),
  (path: string) => readBytes(path, 100),
  (path: string) => readText(path, 100),
  (path: string) => readJson(path, 100),
  sha256File,
];

async function refused(path: string, message: RegExp): Promise<void> {
  for (const read of readers) await assert.rejects(() => read(path) as Promise<unknown>, { message });
}

Deno.test({
  name: "pipes, devices and folders are refused without being opened",
  ignore: !posix,
  fn: () =>
    inFolder({ "folder/a": "" }, async (root) => {
      // A pipe that nobody writes to would be waited for, /dev/zero read without end.
      assert((await new Deno.Command("mkfifo", { args: [`${root}/pipe`] }).output()).success);
      await Deno.symlink("/dev/zero", `${root}/zero`);
      await refused(`${root}/pipe`, /^Cannot read \S+: it must be a file, it is a pipe$/);
      await refused(`${root}/folder`, /^Cannot read \S+: it must be a file, it is a folder$/);
      await refused(`${root}/zero`, /^Cannot read \S+: it must be a file, it is a device$/);
    }),
});

Deno.test({
  name: "links are followed inside their folder, and from a snapshot of the hub's cache to its blobs, but nowhere else",
  ignore: !posix,
  fn: () =>
    inFolder({
      "secret": "{}",
      "model/config.json": "{}",
      "hub/models--a--b/blobs/1": "{}",
      [`hub/models--a--b/snapshots/${"a".repeat(40)}/x`]: "",
    }, async (root) => {
      const snapshot = `${root}/hub/models--a--b/snapshots/${"a".repeat(40)}`;
      await Deno.symlink("config.json", `${root}/model/inside`);
      await Deno.symlink("../../blobs/1", `${snapshot}/config.json`);
      await Deno.symlink("../secret", `${root}/model/outside`);
      await Deno.symlink("../../../../secret", `${snapshot}/outside`);
      await Deno.symlink("round", `${root}/model/round`);
      await Deno.symlink("nothing", `${root}/model/broken`);
      await Deno.symlink("model", `${root}/renamed`);
      for (const path of ["model/inside", "renamed/config.json", "renamed/inside"]) {
        assert.equal(await readText(`${root}/${path}`, 100), "{}");
      }
      assert.equal(await readText(`${snapshot}/config.json`, 100), "{}");
      const leads = /^Cannot read \S+: links must stay inside its folder, it leads elsewhere$/;
      for (const path of [`${root}/model/outside`, `${root}/renamed/outside`, `${snapshot}/outside`]) {
        await refused(path, leads);
      }
      await refused(`${root}/model/round`, /^Cannot read \S+: its links must lead to a file$/);
      await refused(`${root}/model/broken`, /^Cannot read \S+: there must be such a file$/);
    }),
});

Deno.test("a file that is larger than the bound is refused with the bound", () =>
  inFolder({ a: "1".repeat(101) }, async (root) => {
    const message = `Cannot read ${root}/a: it must have at most 100 bytes, current value is 101`;
    for (const read of readers.slice(0, 4)) {
      await assert.rejects(() => read(`${root}/a`) as Promise<unknown>, { message });
    }
  }));

Deno.test({
  name: "a file that only another user may read is refused with its mode and what mends it",
  ignore: !canBeOtherUser,
  fn: () =>
    inFolder({ "open/a": "1" }, async (root) => {
      await Deno.chmod(`${root}/open/a`, 0o640);
      assert.equal(
        await printedByOtherUser(
          root,
          ["base/files.ts", "base/errors.ts"],
          'import { readVerified } from "./base/files.ts"; ' +
            `await readVerified("${root}/open/a", "").catch((error) => console.log(error.message));`,
        ),
        `Cannot read ${root}/open/a: it must be readable for this user, its mode is 0640; ` +
          `its owner mends that with chmod a+r ${root}/open/a`,
      );
    }),
});

Deno.test("JSON nested more than 100 deep is refused with the bound", () =>
  inFolder({ a: "[".repeat(4000) + "]".repeat(4000) }, async (root) => {
    await assert.rejects(() => readJson(`${root}/a`, 10_000), {
      message: `Cannot read ${root}/a: it must be nested at most 100 deep, it is deeper`,
    });
  }));

Deno.test("of a line that is longer than the bound only the beginning is kept, and the next line is whole", async () => {
  const stream = new Blob(["a\n", "b".repeat(1e6), "b\r\nc"]).stream();
  const lines = await Array.fromAsync(readLines(stream, 10));
  assert.deepEqual(lines, ["a", "b".repeat(11), "c"]);
});
