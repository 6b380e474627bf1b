/**
 * What commands say of a full disk and of what is missing in a results folder: run as users run them.
 * @module
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { cellsOf } from "../../../runs/launch/cells.ts";
import { presets } from "../../../runs/study/presets.ts";
import { makeFolder } from "../../models/folder/copies.ts";

const path = (name: string) => fileURLToPath(new URL(`../../../${name}`, import.meta.url));
const bert = path("tests/golden/A/bert");

/** Arguments of deno that start a command of the program. */
const program = (
  args: string[],
) => ["run", "--quiet", "-P=command", "--config", path("deno.json"), path("cli/main.ts"), ...args];

/** Runs a command of the program within a program whose last arguments are a folder and the command. */
async function run([first, ...others]: readonly string[], folder: string, args: string[]) {
  const { code, stderr, stdout } = await new Deno.Command(first, {
    args: [...others, folder, Deno.execPath(), ...program(args)],
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trimEnd();
  return { code, errors: text(stderr), out: text(stdout) };
}

/** Runs a command in the folder, and prints what is left there afterwards. */
const IN_FOLDER = 'cd "$1"; shift; "$@"; code=$?; ls -A; exit $code';
/** Files of at most 64 KiB, as under a quota. */
const LIMITED = ["bash", "-c", `trap "" XFSZ; ulimit -f 64; ${IN_FOLDER}`, "bash"];
/** A disk of its own at the folder, with 64 KiB, and the commands that come first. */
const onDisk = (commands: string) => [
  ...["unshare", "--map-root-user", "--mount", "bash", "-c"],
  ...[`mount -t tmpfs -o size=64k tmpfs "$1" && ${commands}`, "bash"],
];
/** Whether this user may mount a disk. */
const mayMount = Deno.build.os === "linux" &&
  await run(onDisk("true"), await makeFolder({}), ["list"]).then(({ code }) => code === 0, () => false);

for (
  const [what, place, possible, reason] of [
    ["on a full disk", onDisk(IN_FOLDER), mayMount, "its disk must have space left, it is full"],
    ["beyond a limit of its size", LIMITED, Deno.build.os === "linux", "File too large (os error 27)"],
  ] as const
) {
  Deno.test({
    name: `a merged model ${what} is refused in one sentence, and nothing of it is left`,
    ignore: !possible,
    async fn() {
      const args = ["adapter", "merge", `${bert}/cls/lora/adapter`, "out", "--model", `${bert}/model`];
      const { code, errors, out } = await run(place, await makeFolder({}), args);
      assert.deepEqual({ code, errors, out }, { code: 1, errors: `Cannot write out: ${reason}`, out: "" });
    },
  });
}

Deno.test({
  name:
    "a bench on a full disk ends with the reason of each cell, and with the folder that says more only where it does",
  ignore: !mayMount,
  async fn() {
    const args = ["bench", "smoke", "--methods", "bitfit", "--out", "results"];
    const filled = onDisk(`head -c 48k /dev/zero > "$1/other"; ${IN_FOLDER}`);
    const { code, errors } = await run(filled, await makeFolder({}), args);
    assert.equal(code, 1);
    assert.match(errors, /failed, Cannot write \S+: its disk must have space left, it is full/);
    const told = /results\/failed says more/.test(errors);
    assert.equal(told, !/; Cannot write results\/failed/.test(errors));
  },
});

Deno.test("of a record that is cut short the path is said, and no folder that says more", async () => {
  const [{ id }] = await cellsOf({ ...presets.smoke.study, methods: ["bitfit"] });
  const folder = await makeFolder({ [`results/runs/${id}.json`]: '{"version": 1' });
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: program(["bench", "smoke", "--methods", "bitfit", "--out", "results"]),
    cwd: folder,
  }).output();
  const lines = new TextDecoder().decode(stderr).trimEnd().split("\n");
  assert.equal(code, 1);
  assert.match(
    lines.at(-2)!,
    new RegExp(`failed, its record results/runs/${id}.json cannot be read: it must be JSON, .*`),
  );
  assert.equal(lines.at(-1), "1 of 1 cell without a result.");
});
