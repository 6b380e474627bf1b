import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { kill } from "../../../base/kill.ts";
import { Random } from "../../../base/random.ts";
import { HubRefusal } from "../../../models/hub/name.ts";
import type { RetryPolicy } from "../../../models/hub/request.ts";
import {
  assertComplete,
  assertNothingWrong,
  COMMIT,
  files,
  hasty,
  impatient,
  NAME,
  open,
  readAll,
  wanted,
  withHub,
} from "./fixture.ts";
import { type LocalHub, sha256, slowly } from "./server.ts";

Deno.test("a download is resumed where a connection was cut or stalled", () =>
  withHub(async (hub) => {
    for (const fault of [{ cutAt: 120_000 }, { stallAt: 120_000 }]) {
      hub.sent = 0;
      hub.asked = [];
      hub.body = (bytes, { server, range }) =>
        server === "cdn" && range === null ? slowly(bytes, { piece: 40_000, every: 1, ...fault }) : bytes;
      const cache = await Deno.makeTempDir();
      Deno.env.set("TUNEBENCH_CACHE", cache);
      const { folder, fetched } = await open(NAME, { retry: "stallAt" in fault ? impatient : hasty });
      await assertComplete(folder);
      await Deno.remove(cache, { recursive: true });
      const whole = Object.values(wanted).reduce((sum, { length }) => sum + length, 0);
      assert.equal(fetched, whole);
      assert.equal(hub.sent, whole);
      assert.deepEqual(hub.asked.filter(({ server }) => server === "cdn").map(({ range }) => range), [
        null,
        "bytes=120000-",
      ]);
    }
  }));

Deno.test("a server that always cuts, stalls or fails is given up after some attempts, and the bytes that came are kept", () =>
  withHub(async (hub, cache) => {
    const faults: [LocalHub["body"], RetryPolicy, RegExp][] = [
      [(bytes) => slowly(bytes, { piece: 1, every: 10 }), impatient, /the connection stalled after \d+ bytes$/],
      [
        (bytes) => slowly(bytes, { piece: 1000, every: 1, cutAt: 5000 }),
        hasty,
        /the connection was cut after 5000 bytes$/,
      ],
    ];
    for (const [body, retry, message] of faults) {
      hub.asked = [];
      hub.body = (bytes, asked) => asked.server === "cdn" ? body!(bytes, asked) : bytes;
      await assert.rejects(open(NAME, { retry }), message);
      assert.equal(hub.asked.filter(({ server }) => server === "cdn").length, retry.attempts);
      await assertNothingWrong(cache);
    }
    const [partial] = Object.values(await readAll(`${cache}/hub/models--org--tiny/partial`));
    assert(partial.length >= 5 * 5000);
    assert.deepEqual(partial, files["model.safetensors"].slice(0, partial.length));
    hub.body = undefined;
    hub.intercept = ({ server }) => server === "cdn" ? new Response("", { status: 503 }) : undefined;
    await assert.rejects(
      open(),
      /^Error: Cannot fetch org\/tiny: http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{64} answers 503$/,
    );
    hub.intercept = undefined;
    await assertComplete((await open()).folder);
  }));

Deno.test("content with another checksum is refused and leaves no file", () =>
  withHub(async (hub, cache) => {
    hub.body = (bytes, { server }) => server === "cdn" ? new Uint8Array(bytes.length + 1) : bytes;
    await assert.rejects(open(), /model\.safetensors: it must have 300000 bytes, the server sends more$/);
    await assertNothingWrong(cache);
    for (const damaged of ["model.safetensors", "tokenizer_config.json"]) {
      hub.body = (bytes, { server, path }) =>
        (damaged === "tokenizer_config.json" ? path.endsWith(damaged) : server === "cdn")
          ? bytes.map((byte) => byte ^ 1)
          : bytes;
      await assert.rejects(
        open(),
        (error: Error) =>
          !(error instanceof HubRefusal) &&
          /^Cannot fetch \S+: its (SHA-256|git SHA-1) must be [0-9a-f]+, current value is [0-9a-f]+$/.test(
            error.message,
          ),
      );
      await assertNothingWrong(cache);
      assert.deepEqual(await readAll(`${cache}/hub/models--org--tiny/partial`), {});
    }
  }));

Deno.test("a wrong beginning and a server without ranges cost a second download and nothing else", () =>
  withHub(async (hub, cache) => {
    const digest = sha256(files["model.safetensors"]);
    const partial = `${cache}/hub/models--org--tiny/partial`;
    await Deno.mkdir(partial, { recursive: true });
    await Deno.writeFile(`${partial}/${digest}`, new Uint8Array(1000));
    await assertComplete((await open()).folder);
    await Deno.remove(`${cache}/hub`, { recursive: true });
    await Deno.mkdir(partial, { recursive: true });
    await Deno.writeFile(`${partial}/${digest}`, files["model.safetensors"].slice(0, 1000));
    hub.intercept = ({ server }) => server === "cdn" ? new Response(files["model.safetensors"]) : undefined;
    await assertComplete((await open()).folder);
  }));

Deno.test("a download that is killed after a random number of bytes, 20 times, and run again leaves no wrong file", () =>
  withHub(async (hub, cache) => {
    const child = () =>
      new Deno.Command(Deno.execPath(), {
        args: [
          "run",
          "--quiet",
          "-P=test",
          fileURLToPath(new URL("./child.ts", import.meta.url)),
          NAME,
          COMMIT,
        ],
        stdout: "null",
        stderr: "null",
      }).spawn();
    const whole = Object.values(wanted).reduce((sum, { length }) => sum + length, 0);
    const random = new Random(1, "kills");
    let killed = 0;
    for (let at = 0; at < 20; at++) {
      // Each third kill starts from nothing, the others go on from what the one before has left.
      if (at % 3 === 0) await Deno.remove(cache, { recursive: true }).catch(() => {});
      const victim = child();
      hub.sent = 0;
      const last = whole * random.uniform();
      hub.body = (bytes) =>
        slowly(bytes, {
          piece: 10_000,
          every: 3,
          onPiece() {
            if (hub.sent >= last) kill(victim);
          },
        });
      if ((await victim.status).signal === "SIGKILL") killed++;
      await assertNothingWrong(cache);
    }
    // One that goes on may have less to fetch than the number drawn.
    assert(killed >= 7, `${killed} of 20 were killed`);
    hub.body = undefined;
    assert((await child().status).success);
    hub.asked = [];
    await assertComplete((await open(`${NAME}@${COMMIT}`)).folder);
    assert.deepEqual(hub.asked, []);
  }));
