import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { exists } from "../../../base/files.ts";
import { inFolder } from "../../in-folder.ts";

const called = fileURLToPath(new URL("called.ts", import.meta.url));
const ignore = Deno.build.os === "windows";

async function until(condition: () => Promise<boolean>): Promise<boolean> {
  for (let tries = 0; tries < 200; tries++) {
    if (await condition()) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}

/** Starts the program under two shells, the outer one under a name; ends that one and tells whether the program ends too. */
async function endsWith(outer: string, environment: Record<string, string>, wait: number): Promise<boolean> {
  return await inFolder({}, async (folder) => {
    const [started, ended] = [`${folder}/started`, `${folder}/ended`];
    const program = `'${Deno.execPath()}' run --quiet --no-config -A '${called}' ${started} ${ended} & echo $!; wait`;
    const script = `exec -a '${outer}' bash -c "sh -c \\"\\$0\\"; true" "$0"`;
    const shell = new Deno.Command("bash", { args: ["-c", script, program], env: environment, stdout: "piped" })
      .spawn();
    const reader = shell.stdout.getReader();
    const pid = Number(new TextDecoder().decode((await reader.read()).value));
    assert.ok(await until(() => exists(started)));
    shell.kill("SIGKILL");
    await shell.status;
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    const gone = wait > 0 ? await exists(ended) : await until(() => exists(ended));
    if (!gone) Deno.kill(pid, "SIGKILL");
    await reader.cancel();
    return gone;
  });
}

Deno.test({
  name: "a program that npx started through others notices when npx is ended alone",
  ignore,
  fn: async () => assert.ok(await endsWith("npm exec deno@2", { INIT_CWD: "/" }, 0)),
});

Deno.test({
  name: "a program goes on when what started its callers ends, as a terminal does after nohup",
  ignore,
  fn: async () => {
    assert.ok(!await endsWith("bash", { INIT_CWD: "/" }, 3000));
  },
});
