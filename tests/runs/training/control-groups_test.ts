/** Control groups of version 2, with files of a test in place of the system's. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { inFolder } from "../../in-folder.ts";

const program = fileURLToPath(new URL("./free-memory.ts", import.meta.url));

/** What the program prints in a group whose memory.max has this content; undefined where files cannot be put in place. */
function freeIn(max: string): Promise<[available: number, free: number] | undefined> {
  return inFolder({ "self": "0::/job\n", "groups/job/memory.max": `${max}\n` }, async (folder) => {
    const place = `mount --bind ${folder}/groups /sys/fs/cgroup && mount --bind ${folder}/self /proc/$$/cgroup`;
    const script = `${place} && exec "$0" run --quiet --allow-all "$1"`;
    const output = await new Deno.Command("unshare", { args: ["-m", "sh", "-c", script, Deno.execPath(), program] })
      .output().catch(() => undefined);
    return output?.success ? JSON.parse(new TextDecoder().decode(output.stdout)) : undefined;
  });
}

const ignore = await freeIn("max") === undefined;
if (ignore) {
  console.error("Control groups are not tested: files cannot be put in their place, which takes Linux and root.");
}

Deno.test({
  name: "the limit of a control group of version 2 counts, and a group without one leaves what the machine has free",
  ignore,
  async fn() {
    const [, limited] = (await freeIn(String(2 ** 29)))!;
    assert(limited > 0 && limited < 2 ** 29, `${limited}`);
    const [available, free] = (await freeIn("max"))!;
    assert.equal(free, available);
  },
});
